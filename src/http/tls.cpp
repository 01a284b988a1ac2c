#include "http/tls.h"

#include "base/error.h"

#ifdef VULTUS_WITH_OPENSSL
#include <boost/asio/ssl.hpp>
#endif

namespace vultus::http {

#ifdef VULTUS_WITH_OPENSSL

namespace {

/// OpenSSL's reasons without its places: "no start line (PEM routines)" is what a file without PEM brings.
void expect(const boost::system::error_code& error, const char* option, const std::filesystem::path& path,
            const char* what) {
    if (!error) return;
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored))
        fail(ErrorCode::kIo, "[server] {} {}: no such file", option, path.string());
    fail(ErrorCode::kInvalidArgument, "[server] {} {}: expected {} (PEM), got: {}", option, path.string(),
         what, error.message());
}

}  // namespace

std::unique_ptr<Tls> open_tls(const TlsOptions& options) {
    if (options.certificate.empty()) {
        if (!options.key.empty() || !options.client_ca.empty())
            fail(ErrorCode::kInvalidArgument, "[server] --key and --client-ca need --certificate");
        return nullptr;
    }
    namespace ssl = boost::asio::ssl;
    auto tls = std::make_unique<Tls>();
    boost::system::error_code error;
    tls->context.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                             ssl::context::no_tlsv1_1);
    tls->context.use_certificate_chain_file(options.certificate.string(), error);
    expect(error, "--certificate", options.certificate, "a certificate");
    // A key with a passphrase would be asked for on the terminal.
    tls->context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return ""; });
    const std::filesystem::path& key = options.key.empty() ? options.certificate : options.key;
    tls->context.use_private_key_file(key.string(), ssl::context::pem, error);
    expect(error, "--key", key, "the certificate's private key without a passphrase");
    if (options.client_ca.empty()) return tls;
    tls->context.load_verify_file(options.client_ca.string(), error);
    expect(error, "--client-ca", options.client_ca, "a certificate");
    tls->context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    return tls;
}

#else

std::unique_ptr<Tls> open_tls(const TlsOptions& options) {
    if (!options.certificate.empty() || !options.key.empty() || !options.client_ca.empty())
        fail(ErrorCode::kUnsupported, "[server] this program was built without OpenSSL (Debian: libssl-dev)");
    return nullptr;
}

#endif

}  // namespace vultus::http
