"""Makes a root CA of AWS Private CA, a user and a role who may issue with it, by AWS's own library, and prints
them as JSON with keys of a session of the role.

authority.py [ENDPOINT]
"""

import json
import sys

import boto3

endpoint = sys.argv[1] if len(sys.argv) > 1 else None
session = boto3.Session("anybody", "anything", region_name="eu-central-1")
pca = session.client("acm-pca", endpoint_url=endpoint)
iam = session.client("iam", endpoint_url=endpoint)

configuration = {
    "KeyAlgorithm": "RSA_2048",
    "SigningAlgorithm": "SHA256WITHRSA",
    "Subject": {"CommonName": "Example PCA Root"},
}
arn = pca.create_certificate_authority(
    CertificateAuthorityConfiguration=configuration, CertificateAuthorityType="ROOT"
)["CertificateAuthorityArn"]
csr = pca.get_certificate_authority_csr(CertificateAuthorityArn=arn)["Csr"]
root = pca.issue_certificate(
    CertificateAuthorityArn=arn,
    Csr=csr.encode(),
    SigningAlgorithm="SHA256WITHRSA",
    TemplateArn="arn:aws:acm-pca:::template/RootCACertificate/V1",
    Validity={"Type": "DAYS", "Value": 3650},
)["CertificateArn"]
certificate = pca.get_certificate(CertificateAuthorityArn=arn, CertificateArn=root)["Certificate"]
pca.import_certificate_authority_certificate(CertificateAuthorityArn=arn, Certificate=certificate.encode())

policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "acm-pca:*", "Resource": "*"}]}
iam.create_user(UserName="renewer")
iam.put_user_policy(UserName="renewer", PolicyName="issue", PolicyDocument=json.dumps(policy))
user = iam.create_access_key(UserName="renewer")["AccessKey"]
trust = {"Version": "2012-10-17", "Statement": []}
role = iam.create_role(RoleName="pod", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
iam.put_role_policy(RoleName="pod", PolicyName="issue", PolicyDocument=json.dumps(policy))
sts = session.client("sts", endpoint_url=endpoint)
session_keys = sts.assume_role(RoleArn=role, RoleSessionName="machine")["Credentials"]
session_keys["Expiration"] = session_keys["Expiration"].isoformat()

account = {"arn": arn, "id": user["AccessKeyId"], "secret": user["SecretAccessKey"], "role": role}
print(json.dumps({**account, "session": session_keys}))
