#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"
#include "commands.h"

#ifdef VULTUS_WITH_BOOST
#include "serving/api.h"
#endif

namespace vultus::cli {

#ifdef VULTUS_WITH_BOOST

namespace {

namespace fs = std::filesystem;

fs::path usual_data_folder() {
    if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data) return fs::path(data) / "vultus";
    const char* home = std::getenv("HOME");
    return fs::path(home && *home ? home : ".") / ".local" / "share" / "vultus";
}

void run(serving::ServeOptions& options) {
    if (options.data.empty()) options.data = usual_data_folder();
    options.program = fs::read_symlink("/proc/self/exe");
    serving::check_exposure(options);
    serving::Api api(options);
    const http::Server server(options.listen, api.handlers());
    api.set_connections([&server] { return server.num_connections(); });
    const std::string host = options.listen.address.find(':') == std::string::npos
                                 ? options.listen.address
                                 : "[" + options.listen.address + "]";
    fmt::print(stderr, "vultus: {}://{}:{}/ (data in {}; Ctrl-C ends it)\n",
               options.listen.tls.certificate.empty() ? "http" : "https", host, server.port(),
               options.data.string());
    while (!cancel_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    set_cancel_requested(false);  // what ends now must not be taken for cancelled work
    fmt::print(stderr, "vultus: ends\n");
}

void add_tls_options(CLI::App& command, http::TlsOptions& tls) {
    command
        .add_option("--certificate", tls.certificate,
                    "Speak TLS (https) with this certificate: PEM, those that vouch for it behind it")
        ->type_name("FILE");
    command.add_option("--key", tls.key, "Its private key, PEM (default: in the certificate's file)")
        ->type_name("FILE");
    command
        .add_option("--client-ca", tls.client_ca,
                    "Let in only who shows a certificate that this one (PEM) vouches for")
        ->type_name("FILE");
}

}  // namespace

void add_serve_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("serve", "A page and an HTTP interface: type, and see it said");
    auto options = std::make_shared<serving::ServeOptions>();
    command->add_option("persons", options->persons, "Person files (default: the bundled one)")
        ->type_name("FILE.vultus");
    command->add_option("--address", options->listen.address, "IP address to listen on; see --token-file")
        ->capture_default_str();
    command->add_option("--port", options->listen.port, "0: any free one")
        ->check(CLI::Range(0, 65535))
        ->capture_default_str();
    command
        ->add_option(
            "--token-file", options->token_file,
            "File with the secret that requests must show; all but loopback addresses need it or --client-ca")
        ->type_name("FILE");
    add_tls_options(*command, options->listen.tls);
    command
        ->add_option("--allowed-host", options->allowed_hosts,
                     "Name that this server is reached by, beside localhost and IP addresses")
        ->type_name("NAME");
    command
        ->add_option("--allow-origin", options->allowed_origins,
                     "Page of others that may call this server, as https://face.example (default: none)")
        ->type_name("ORIGIN");
    command
        ->add_option("--data", options->data,
                     "Folder for jobs, uploads and persons (default: in the user's "
                     "data folder)")
        ->type_name("FOLDER");
    command->add_option(
        "--voice", options->voices,
        "Beside the installed voices: 'cmd:PROGRAM ...' or a URL, as of say; the first is usual");
    command
        ->add_option("--voice-limit", options->voice_limit_s,
                     "Seconds that a voice may take for one sentence")
        ->check(CLI::Range(0.1, 3600.0))
        ->capture_default_str();
    command->add_option("--most-upload", options->most_upload_bytes, "Bytes of one upload, at most")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command
        ->add_option("--most-load", options->most_load,
                     "Cores that live sessions may draw with, together; 0: 0.45 of each")
        ->check(CLI::NonNegativeNumber);
    command->callback([options] { run(*options); });
}

#else

void add_serve_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("serve", "Not in this build: it lacks Boost")->allow_extras();
    command->callback([] {
        fail(ErrorCode::kUnsupported,
             "[cli] serve: this program was built without Boost.Beast (Debian: libboost-dev)");
    });
}

#endif

}  // namespace vultus::cli
