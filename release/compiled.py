"""What Cargo compiles for a target: `cargo tree` knows the features, which `cargo metadata` and its users do not."""
import subprocess


def compiled(target):
    """The pairs of name and version, hsmcert itself among them."""
    command = ["cargo", "tree", "--locked", "--edges", "normal", "--target", target, "--prefix", "none", "--format", "{p}"]
    tree = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {(name, version.removeprefix("v")) for name, version, *_ in map(str.split, tree.splitlines())}
