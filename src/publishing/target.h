// Where a live face goes, and what becomes of it when the connection breaks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "publishing/publish.h"
#include "speaking/live_session.h"

namespace vultus::publishing {

/// One connection, or file.
class Output {
  public:
    virtual ~Output() = default;
    /// The next picture and its sound. Errors: kIo.
    virtual void write(const speaking::LiveFrame& frame) = 0;
    /// Ends it as it should end. Errors: kIo.
    virtual void finish() = 0;
    virtual std::string encoder() const = 0;
};

/// What opens the output that `options.to` names. Errors: kInvalidArgument for what nobody knows; those of
/// opening come from the result.
std::function<std::unique_ptr<Output>()> output_of(const PublishOptions& options,
                                                   const person::Person& person, int size_px);

/// A connection that breaks is made anew, with longer and longer pauses.
class Target {
  public:
    Target(std::function<std::unique_ptr<Output>()> open, int retries);

    /// A frame would be sent, or at least tried to.
    bool ready() const;
    /// False: not sent. Errors: those of Output, once there are no retries left.
    bool write(const speaking::LiveFrame& frame);
    /// Errors: those of Output; what went wrong last, where there is no connection to end.
    void finish();
    int num_connections() const { return num_connections_; }
    const std::string& encoder() const { return encoder_; }

  private:
    void broken(const std::string& why);

    const std::function<std::unique_ptr<Output>()> open_;
    const int retries_;
    int retries_left_;
    std::unique_ptr<Output> output_;
    std::string encoder_, why_;  ///< why_: what went wrong last
    int num_connections_ = 0;
    std::int64_t num_sent_ = 0;
    std::chrono::milliseconds pause_;
    std::chrono::steady_clock::time_point next_try_{};
};

}  // namespace vultus::publishing
