// Static OpenSSL has handlers that run when the process ends: the DLL stays mapped until then.
#include <windows.h>

namespace {
struct Pin {
  Pin() {
    HMODULE self;
    const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    GetModuleHandleExW(flags, (LPCWSTR)(void *)&anchor, &self);
  }
  static void anchor() {}
} pin;
}  // namespace
