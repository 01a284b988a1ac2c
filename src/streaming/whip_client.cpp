#include "streaming/whip_client.h"

#include <utility>

#include "base/cancel.h"
#include "base/error.h"
#include "streaming/offer.h"

#ifdef VULTUS_WITH_CURL
#include <curl/curl.h>

#include <memory>
#endif

namespace vultus::streaming {

WhipClient::WhipClient(std::string url, std::string token) : url_(std::move(url)), token_(std::move(token)) {}
WhipClient::~WhipClient() { end(); }

#ifdef VULTUS_WITH_CURL

namespace {

constexpr long kMostBeginMs = 10000, kMostEndMs = 3000, kMostRedirections = 5;
constexpr long kCreated = 201;

struct CurlFree {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
    void operator()(char* text) const { curl_free(text); }
};
template <typename T>
using Curl = std::unique_ptr<T, CurlFree>;

struct Reply {
    long status = 0;
    std::string body, location;  ///< location: as a whole URL; empty: none
};

std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* user) {
    auto& body = *static_cast<std::string*>(user);
    if (body.size() + size > kMostOfferBytes) return 0;
    body.append(bytes, size);
    return size;
}

std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* user) {
    auto& location = *static_cast<std::string*>(user);
    const std::string line(bytes, size);
    if (line.rfind("HTTP/", 0) == 0) location.clear();  // another answer begins
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || !curl_strnequal(line.c_str(), "location", colon)) return size;
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1),
                      end = line.find_last_not_of(" \t\r\n");
    if (begin != std::string::npos && end >= begin) location = line.substr(begin, end - begin + 1);
    return size;
}

/// RFC 3986, relative to where it was said.
std::string resolved(const std::string& base, const std::string& location) {
    const Curl<CURLU> url(curl_url());
    char* whole = nullptr;
    if (!url || curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK ||
        curl_url_set(url.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK ||
        curl_url_get(url.get(), CURLUPART_URL, &whole, 0) != CURLUE_OK)
        return "";
    return Curl<char>(whole).get();
}

/// body: null for DELETE.
Reply call(const std::string& url, const std::string& token, const std::string* body, bool cancellable) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    const Curl<CURL> curl(ready == CURLE_OK ? curl_easy_init() : nullptr);
    if (!curl) throw std::bad_alloc();
    curl_slist* list = curl_slist_append(nullptr, "Expect:");
    if (body) list = curl_slist_append(list, "Content-Type: application/sdp");
    if (!token.empty()) list = curl_slist_append(list, ("Authorization: Bearer " + token).c_str());
    const Curl<curl_slist> headers(list);
    Reply reply;
    std::string location;
    CURL* handle = curl.get();
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    if (body) {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body->c_str());
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(handle, CURLOPT_MAXREDIRS, kMostRedirections);
    } else {
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, "DELETE");
    }
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, body ? kMostBeginMs : kMostEndMs);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, cancellable ? 0L : 1L);
    const auto on_progress = [](void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        return cancel_requested() ? 1 : 0;
    };
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, +on_progress);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &location);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &reply.body);
    const CURLcode result = curl_easy_perform(handle);
    if (result == CURLE_ABORTED_BY_CALLBACK) throw_if_cancelled();
    if (result != CURLE_OK) fail(ErrorCode::kIo, "cannot connect ({})", curl_easy_strerror(result));
    char* said_at = nullptr;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply.status);
    curl_easy_getinfo(handle, CURLINFO_EFFECTIVE_URL, &said_at);
    if (!location.empty()) reply.location = resolved(said_at ? said_at : url, location);
    return reply;
}

/// The first line of what a server says to an error.
std::string first_line(const std::string& text) {
    std::string line = text.substr(0, std::min<std::size_t>(text.find_first_of("\r\n"), 200));
    for (char& c : line)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    return line;
}

}  // namespace

std::string WhipClient::begin(const std::string& offer) {
    const Reply reply = call(url_, token_, &offer, true);
    if (reply.status != kCreated)
        fail(ErrorCode::kIo, "expected 201 of a WHIP server, got {}: {}", reply.status,
             first_line(reply.body));
    session_ = reply.location;  // without it (RFC 9725 wants it) nothing can be ended
    return reply.body;
}

void WhipClient::end() noexcept {
    if (session_.empty()) return;
    try {
        call(std::exchange(session_, {}), token_, nullptr, false);
    } catch (const std::exception&) {  // it ends by itself once nothing comes
    }
}

#else

std::string WhipClient::begin(const std::string&) {
    fail(ErrorCode::kUnsupported, "this build has no libcurl (Debian: libcurl4-openssl-dev)");
}
void WhipClient::end() noexcept {}

#endif

}  // namespace vultus::streaming
