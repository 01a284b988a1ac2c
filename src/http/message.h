// Requests and answers, whatever carries them.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/out_queue.h"

namespace vultus::http {

struct Request {
    std::string method;                          ///< "GET"
    std::string path;                            ///< percent-decoded, without the query: "/v1/persons"
    std::map<std::string, std::string> query;    ///< percent-decoded
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;                            ///< where it was not an upload
    std::filesystem::path upload;                ///< the body as a file, which is the handler's to delete

    /// "" when there is none. name: in lower case.
    const std::string& header(const std::string& name) const;
};

struct Response {
    int status = 200;
    std::string type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers;
    // One of the three:
    std::string body;
    std::filesystem::path file;
    std::shared_ptr<OutQueue> stream;  ///< sent part by part, closed when the reader goes away
};

Response json_response(const nlohmann::json& json, int status = 200);
/// {"error": {"code", "message", "type", "param"}}: the shape of OpenAI's errors.
Response error_response(int status, const std::string& message);
Response error_response(const Error& error);

/// "a%20b" to "a b"; false for what is no escape or no UTF-8, and for control characters. plus: + is a space.
bool percent_decode(const std::string& text, bool plus, std::string& decoded);
/// "path?a=b&c=d" into path and query; false when it is malformed.
bool parse_target(const std::string& target, Request& request);

struct FormPart {
    std::string name, file_name, bytes;
};
/// multipart/form-data. Errors: kInvalidArgument.
std::vector<FormPart> parse_multipart(const std::string& content_type, const std::string& body);

/// Which of the names in "a.b.c" forms of Host are ours: IP literals, localhost, *.localhost, `allowed`
/// (without port, any case). Everything else could be a name that its owner points at this machine.
bool is_host_allowed(const std::string& host, const std::vector<std::string>& allowed);
/// An Origin of a page of ours: absent, or the scheme http(s) and exactly this Host.
bool is_origin_ours(const std::string& origin, const std::string& host);
/// Takes as long whatever differs.
bool is_same_secret(const std::string& a, const std::string& b);

}  // namespace vultus::http
