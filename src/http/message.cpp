#include "http/message.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace vultus::http {
namespace {

constexpr std::size_t kMostFormParts = 32;

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// JSON's own reader of UTF-8 decides what is some.
bool is_utf8(const std::string& text) {
    try {
        (void)nlohmann::json(text).dump();
        return true;
    } catch (const nlohmann::json::exception&) {
        return false;
    }
}

const char* type_of_status(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 503:
            return "unavailable_error";
        default:
            return status < 500 ? "invalid_request_error" : "server_error";
    }
}

/// The value of a parameter of a header: name="a b" or name=a.
std::string parameter(const std::string& header, const std::string& name) {
    const std::string small = lower(header);
    for (std::size_t at = small.find(name + "="); at != std::string::npos;
         at = small.find(name + "=", at + 1)) {
        if (at > 0 && small[at - 1] != ' ' && small[at - 1] != ';') continue;
        std::size_t begin = at + name.size() + 1;
        if (begin < header.size() && header[begin] == '"') {
            const std::size_t end = header.find('"', ++begin);
            return end == std::string::npos ? "" : header.substr(begin, end - begin);
        }
        return header.substr(begin, header.find_first_of("; \t", begin) - begin);
    }
    return "";
}

/// Host without port: "[::1]:80" and "localhost:80".
std::string name_of_host(const std::string& host) {
    if (!host.empty() && host[0] == '[') return lower(host.substr(0, host.find(']') + 1));
    return lower(host.substr(0, host.find(':')));
}

bool is_ip_literal(const std::string& name) {
    if (name.size() > 2 && name[0] == '[')
        return name.find_first_not_of("0123456789abcdef:.", 1) == name.size() - 1 && name.back() == ']';
    int dots = 0;
    for (const char c : name) {
        if (c == '.') ++dots;
        if (c != '.' && !std::isdigit(static_cast<unsigned char>(c))) return false;
    }
    return dots == 3;
}

}  // namespace

const std::string& Request::header(const std::string& name) const {
    static const std::string none;
    const auto found = headers.find(name);
    return found == headers.end() ? none : found->second;
}

Response json_response(const nlohmann::json& json, int status) {
    Response response;
    response.status = status;
    response.body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    return response;
}

Response error_response(int status, const std::string& message) {
    return json_response(
        {{"error",
          {{"code", status}, {"message", message}, {"type", type_of_status(status)}, {"param", nullptr}}}},
        status);
}

Response error_response(const Error& error) {
    switch (error.code()) {
        case ErrorCode::kInvalidArgument:
        case ErrorCode::kCorruptData:
            return error_response(400, error.what());
        case ErrorCode::kUnsupported:
            return error_response(501, error.what());
        case ErrorCode::kCancelled:
            return error_response(503, error.what());
        case ErrorCode::kIo:
        case ErrorCode::kInternal:
            break;
    }
    return error_response(500, error.what());
}

bool percent_decode(const std::string& text, bool plus, std::string& decoded) {
    decoded.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size()) return false;
            const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return false;
            c = static_cast<char>(16 * high + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (static_cast<unsigned char>(c) < ' ' || c == 127) return false;
        decoded += c;
    }
    return is_utf8(decoded);
}

bool parse_target(const std::string& target, Request& request) {
    const std::size_t question = target.find('?');
    if (target.empty() || target[0] != '/') return false;
    if (!percent_decode(target.substr(0, question), false, request.path)) return false;
    std::size_t at = question == std::string::npos ? target.size() : question + 1;
    while (at < target.size()) {
        const std::size_t end = std::min(target.find('&', at), target.size());
        const std::string part = target.substr(at, end - at);
        const std::size_t equals = std::min(part.find('='), part.size());
        std::string name, value;
        if (!percent_decode(part.substr(0, equals), true, name) ||
            !percent_decode(equals < part.size() ? part.substr(equals + 1) : "", true, value))
            return false;
        if (!name.empty()) request.query[name] = value;
        at = end + 1;
    }
    return true;
}

std::vector<FormPart> parse_multipart(const std::string& content_type, const std::string& body) {
    const std::string boundary = parameter(content_type, "boundary");
    if (boundary.empty() || boundary.size() > 70)
        fail(ErrorCode::kInvalidArgument, "[server] multipart: expected a boundary of 1 to 70 characters");
    const auto malformed = [] { fail(ErrorCode::kInvalidArgument, "[server] multipart: malformed"); };
    const std::string mark = "--" + boundary;
    std::vector<FormPart> parts;
    std::size_t at = body.rfind(mark, 0) == 0 ? 0 : body.find("\r\n" + mark);
    if (at == std::string::npos) malformed();
    if (at > 0) at += 2;
    for (;;) {
        at += mark.size();
        if (body.compare(at, 2, "--") == 0) return parts;
        const std::size_t head_end = body.find("\r\n\r\n", at);
        if (body.compare(at, 2, "\r\n") != 0 || head_end == std::string::npos) malformed();
        const std::size_t end = body.find("\r\n" + mark, head_end + 2);
        if (end == std::string::npos || parts.size() == kMostFormParts) malformed();
        FormPart part;
        std::size_t line = at + 2;
        while (line < head_end) {
            const std::size_t stop = std::min(body.find("\r\n", line), head_end);
            const std::string header = body.substr(line, stop - line);
            if (lower(header).rfind("content-disposition:", 0) == 0) {
                part.name = parameter(header, "name");
                part.file_name = parameter(header, "filename");
            }
            line = stop + 2;
        }
        if (end >= head_end + 4) part.bytes = body.substr(head_end + 4, end - head_end - 4);
        parts.push_back(std::move(part));
        at = end + 2;
    }
}

bool is_host_allowed(const std::string& host, const std::vector<std::string>& allowed) {
    const std::string name = name_of_host(host);
    constexpr std::string_view kLocal = "localhost", kUnderLocal = ".localhost";
    if (is_ip_literal(name) || name == kLocal) return true;
    if (name.size() > kUnderLocal.size() &&
        name.compare(name.size() - kUnderLocal.size(), kUnderLocal.size(), kUnderLocal) == 0)
        return true;
    return !name.empty() && std::any_of(allowed.begin(), allowed.end(),
                                        [&](const std::string& entry) { return lower(entry) == name; });
}

bool is_origin_ours(const std::string& origin, const std::string& host) {
    if (origin.empty()) return true;
    return lower(origin) == "http://" + lower(host) || lower(origin) == "https://" + lower(host);
}

bool is_same_secret(const std::string& a, const std::string& b) {
    // Every byte of the given one is looked at, whatever the other's length is.
    unsigned differs = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size(); ++i)
        differs |=
            static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
    return differs == 0;
}

}  // namespace vultus::http
