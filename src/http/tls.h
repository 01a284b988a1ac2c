// Certificates, by OpenSSL.
#pragma once

#include <memory>

#include "http/server.h"

#ifdef VULTUS_WITH_OPENSSL
#include <boost/asio/ssl/context.hpp>
#endif

namespace vultus::http {

struct Tls {
#ifdef VULTUS_WITH_OPENSSL
    boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
#endif
};

/// Null without a certificate. TLS 1.2 or newer. Errors: kInvalidArgument, kIo, kUnsupported.
std::unique_ptr<Tls> open_tls(const TlsOptions& options);

}  // namespace vultus::http
