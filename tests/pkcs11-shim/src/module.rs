//! The real module, and the function list that stands in front of it.

use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV};
use pkcs11_forward::{Around, Loaded, Real, forwarding};

use crate::call::{Calls, observed};
use crate::settings::Settings;
use crate::{attributes, certificates, mechanisms, pin_pad, token_info};

/// All that there is of it.
pub(crate) struct Module {
    /// The real module.
    pub(crate) real: Real,
    /// The shim's functions, given to the caller.
    pub(crate) stand_in: CK_FUNCTION_LIST,
    /// Counters and log.
    pub(crate) calls: Calls,
    /// What was asked for.
    pub(crate) settings: Settings,
}

/// The module; loaded by the first call.
pub(crate) fn get() -> Result<&'static Module, &'static str> {
    static MODULE: Loaded<Module> = Loaded::new();
    MODULE.get(load)
}

fn load() -> Result<Module, String> {
    let settings = Settings::parse(|name| std::env::var(name).ok())?;
    let real = Real::load(&settings.module)?;
    let calls = Calls::new(settings.log.as_deref())?;
    Ok(Module { stand_in: stand_in(&real.functions), real, calls, settings })
}

/// Every call is observed.
enum Observed {}

impl Around for Observed {
    fn around(function: &'static str, call: impl FnOnce(&CK_FUNCTION_LIST) -> CK_RV) -> CK_RV {
        observed(function, |module| call(&module.real.functions))
    }
}

/// The list that the caller gets in place of `real`.
fn stand_in(real: &CK_FUNCTION_LIST) -> CK_FUNCTION_LIST {
    CK_FUNCTION_LIST {
        C_GetFunctionList: Some(crate::C_GetFunctionList),
        C_GetAttributeValue: real.C_GetAttributeValue.map(|_| attributes::get_attribute_value as _),
        C_CreateObject: real.C_CreateObject.map(|_| certificates::create_object as _),
        C_GetTokenInfo: real.C_GetTokenInfo.map(|_| token_info::get_token_info as _),
        C_Login: real.C_Login.map(|_| pin_pad::login as _),
        C_InitToken: real.C_InitToken.map(|_| pin_pad::init_token as _),
        C_InitPIN: real.C_InitPIN.map(|_| pin_pad::init_pin as _),
        C_SetPIN: real.C_SetPIN.map(|_| pin_pad::set_pin as _),
        C_GetMechanismList: real.C_GetMechanismList.map(|_| mechanisms::get_mechanism_list as _),
        C_GetMechanismInfo: real.C_GetMechanismInfo.map(|_| mechanisms::get_mechanism_info as _),
        C_SignInit: real.C_SignInit.map(|_| mechanisms::sign_init as _),
        C_GenerateKeyPair: real.C_GenerateKeyPair.map(|_| mechanisms::generate_key_pair as _),
        ..forwarding::<Observed>(real)
    }
}
