// The trainer: links LibTorch and no media library.
#include <fmt/format.h>

#include <exception>
#include <string_view>

#include "arguments.h"
#include "base/cancel.h"
#include "base/error.h"
#include "train/train.h"

int main(int argc, char** argv) {
    using namespace vultus;
    install_cancel_handler();
    try {
        if (const auto options = train::parse_arguments(argc, argv)) train::train_person(*options);
        return 0;
    } catch (const Error& error) {
        const bool cancelled = error.code() == ErrorCode::kCancelled;
        fmt::print(stderr, "\nvultus: {}\n",
                   cancelled ? "cancelled; the same command goes on from the checkpoint" : error.what());
        return cancelled ? 130 : 1;
    } catch (const std::exception& error) {
        const std::string_view what = error.what();  // LibTorch appends a back trace
        fmt::print(stderr, "\nvultus: {}\n", what.substr(0, what.find('\n')));
        return 1;
    }
}
