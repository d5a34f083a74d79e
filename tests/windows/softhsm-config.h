// SoftHSM 2.6.1 for Windows, built by MinGW on static OpenSSL: what its `configure` would find out. Only for tests.
#pragma once
#define PACKAGE "softhsm"
#define PACKAGE_NAME "SoftHSM"
#define PACKAGE_VERSION "2.6.1"
#define PACKAGE_STRING "SoftHSM 2.6.1"
#define VERSION "2.6.1"
#define VERSION_MAJOR 2
#define VERSION_MINOR 6
#define CRYPTOKI_VISIBILITY 1
#define DEFAULT_LOG_LEVEL "INFO"
#define DEFAULT_OBJECTSTORE_BACKEND "file"
#define DEFAULT_PKCS11_LIB "softhsm2.dll"
#define DEFAULT_SOFTHSM2_CONF "softhsm2.conf"
#define DEFAULT_TOKENDIR "tokens"
#define MIN_PIN_LEN 4
#define MAX_PIN_LEN 255
#define HAVE_AES_KEY_WRAP 1
#define HAVE_AES_KEY_WRAP_PAD 1
#define HAVE_CXX11 1
#define HAVE_LOADLIBRARY 1
#define HAVE_STDLIB_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TYPES_H 1
#define WITH_OPENSSL 1
#define WITH_AES_GCM 1
#define WITH_ECC 1
#define WITH_EDDSA 1
#define WITH_RAW_PSS 1

// Functions of Unix that its tools would use.
#define HAVE_GETPASSPHRASE
#ifdef __cplusplus
extern "C" {
#endif
char *getpassphrase(const char *prompt);
#ifdef __cplusplus
}
#endif
int setenv(const char *name, const char *value, int overwrite);
#define strcasecmp _stricmp
#define strncasecmp _strnicmp

#define _WIN32_WINNT 0x0600
#define WIN32_LEAN_AND_MEAN 1
#define NOMINMAX 1
#include <winsock2.h>
#include <windows.h>
#undef min
#undef max

// OpenSSL is built without engines; SoftHSM would only set up the one for RDRAND.
#define ENGINE_load_rdrand() ((void)0)
#define ENGINE_by_id(id) ((ENGINE *)0)
#define ENGINE_init(engine) 0
#define ENGINE_METHOD_RAND 0
#define ENGINE_set_default(engine, flags) 0
#define ENGINE_finish(engine) ((void)0)
#define ENGINE_free(engine) ((void)0)
