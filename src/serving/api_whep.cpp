// /v1/sessions/ID/whep: viewers by WebRTC (draft-ietf-wish-whep).
#include "base/error.h"
#include "serving/api.h"

namespace vultus::serving {
namespace {

void check_type(const http::Request& request, const char* expected) {
    if (request.header("content-type").rfind(expected, 0) != 0)
        fail(ErrorCode::kInvalidArgument, "[server] expected Content-Type: {}, got '{}'", expected,
             request.header("content-type"));
}

}  // namespace

http::Response Api::whep(const http::Request& request, const Path& path, LiveShow& show) {
    const std::string& method = request.method;
    http::Response response;
    if (path.size() == 4 && (method == "OPTIONS" || method == "GET" || method == "HEAD")) {
        response.status = 200;
        response.type = "application/sdp";
        response.headers.emplace_back("Accept-Post", "application/sdp");
        return response;
    }
    if (path.size() == 4 && method == "POST") {
        check_type(request, "application/sdp");
        const auto answer = show.add_peer(request.body);
        response.status = 201;
        response.type = "application/sdp";
        response.body = answer.sdp;
        response.headers.emplace_back("Location", "/v1/sessions/" + show.id() + "/whep/" + answer.peer);
        return response;
    }
    if (path.size() != 5 || (method != "PATCH" && method != "DELETE"))
        return http::error_response(path.size() > 5 ? 404 : 405, "[server] no such route of WHEP");
    bool there = false;
    if (method == "PATCH") {
        check_type(request, "application/trickle-ice-sdpfrag");
        there = show.add_candidates(path[4], request.body);
        response.status = 204;
    } else {
        there = show.remove_peer(path[4]);
        response.body = nlohmann::json{{"id", path[4]}}.dump();
    }
    return there ? response : http::error_response(404, "[server] no such viewer");
}

}  // namespace vultus::serving
