//! The real module, the rules, and the function list that stands in front.

use std::sync::atomic::AtomicUsize;

use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CKR_GENERAL_ERROR};
use pkcs11_forward::{Around, Loaded, Real, forwarding};

use crate::rules::Rules;
use crate::{generation, login, mechanisms, objects};

/// All that there is of it.
pub(crate) struct Module {
    pub(crate) real: Real,
    pub(crate) rules: Rules,
    pub(crate) stand_in: CK_FUNCTION_LIST,
    /// So many sessions are open.
    pub(crate) sessions: AtomicUsize,
}

/// The module; loaded by the first call.
pub(crate) fn get() -> Result<&'static Module, &'static str> {
    static MODULE: Loaded<Module> = Loaded::new();
    MODULE.get(load)
}

/// For the stand-ins: the caller has their pointers from a module that was loaded, so it is there.
pub(crate) fn with(call: impl FnOnce(&'static Module) -> CK_RV) -> CK_RV {
    get().map_or(CKR_GENERAL_ERROR, call)
}

fn load() -> Result<Module, String> {
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let vendor = variable("PKCS11_STRICT_VENDOR")?;
    let mut rules = Rules::of(&vendor).ok_or_else(|| format!("there are no rules for `{vendor}`"))?;
    match variable("PKCS11_STRICT_CERTIFICATES").as_deref() {
        Ok("off") => rules.certificates_are_off()?,
        Ok(other) => return Err(format!("PKCS11_STRICT_CERTIFICATES is `{other}`, not `off`")),
        Err(_) => {}
    }
    let real = Real::load(variable("PKCS11_STRICT_MODULE")?.as_ref())?;
    Ok(Module { stand_in: stand_in(&real.functions), real, rules, sessions: AtomicUsize::new(0) })
}

/// What is not listed here goes to the real module.
enum Forwarded {}

impl Around for Forwarded {
    fn around(_: &'static str, call: impl FnOnce(&CK_FUNCTION_LIST) -> CK_RV) -> CK_RV {
        with(|module| call(&module.real.functions))
    }
}

fn stand_in(real: &CK_FUNCTION_LIST) -> CK_FUNCTION_LIST {
    CK_FUNCTION_LIST {
        C_GetFunctionList: Some(crate::C_GetFunctionList),
        C_Finalize: real.C_Finalize.map(|_| login::finalize as _),
        C_OpenSession: real.C_OpenSession.map(|_| login::open_session as _),
        C_CloseSession: real.C_CloseSession.map(|_| login::close_session as _),
        C_CloseAllSessions: real.C_CloseAllSessions.map(|_| login::close_all_sessions as _),
        C_Login: real.C_Login.map(|_| login::login as _),
        C_GetMechanismList: real.C_GetMechanismList.map(|_| mechanisms::get_mechanism_list as _),
        C_GetMechanismInfo: real.C_GetMechanismInfo.map(|_| mechanisms::get_mechanism_info as _),
        C_GenerateKeyPair: real.C_GenerateKeyPair.map(|_| generation::generate_key_pair as _),
        C_CreateObject: real.C_CreateObject.map(|_| objects::create_object as _),
        C_DestroyObject: real.C_DestroyObject.map(|_| objects::destroy_object as _),
        C_SetAttributeValue: real.C_SetAttributeValue.map(|_| objects::set_attribute_value as _),
        C_FindObjectsInit: real.C_FindObjectsInit.map(|_| objects::find_objects_init as _),
        ..forwarding::<Forwarded>(real)
    }
}
