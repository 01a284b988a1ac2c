#include "option_table.h"

#include <fmt/format.h>

namespace vultus::train {
namespace {

constexpr OptionText kOptions[] = {
    {"-o,--out", "FILE.vultus", "person file to write; the run's state lies beside it in NAME.training/"},
    {"--preset", "live|paper", "live (video rate on two CPU cores) or paper (DiffAE-256, for a large GPU)"},
    {"--size", "PX", "image size, a multiple of 64 (default: the corpus's)"},
    {"--budget", "TIME", "training time, e.g. 60min or 2h: the schedule ends on time"},
    {"--steps", "N", "exactly N steps a stage instead of a budget"},
    {"--stage", "dae|speech|all|phones|speed",
     "dae (images), speech, or all; phones: the speech encoder, from a speech corpus; speed: images a "
     "second of the dae stage, as JSON"},
    {"--from", "FILE|none",
     "warm start from another person's file (default: from the bundled person's images where the preset "
     "is live and the size 256 px or more); phones: from another encoder's"},
    {"--teacher", "FILE.vultus", "distil this person's images into one step (dae stage, its encoder stays)"},
    {"--distill", "regression|progressive|consistency", "how, with --teacher"},
    {"--teacher-steps", "N", "DDIM steps of the teacher: 2, 4, 8 .. 64"},
    {"--speech", "small|log_mel|FILE",
     "encoder that the person listens with: small (the bundled one, default), a file of --stage phones, "
     "safetensors of wav2vec 2.0 or HuBERT, or log_mel: learn one with the rest"},
    {"--speech-layer", "N", "hidden state of wav2vec 2.0 or HuBERT to listen to (default: the last)"},
    {"--new-speech", nullptr,
     "speech, with --from: it starts anew, for the lips that calibration saw drawn from the same latents"},
    {"--non-causal-only", nullptr,
     "phones, with --from: only what files need learns; people who listen through the encoder hear the same"},
    {"--phones-alone", nullptr, "listen to the small encoder's phones, not to its embedding (to compare)"},
    {"--device", "cpu|cuda|cuda:N", "what trains"},
    {"--precision", "auto|float32",
     "of the convolutions; auto: bfloat16 where the device is fast at it; float32 also leaves "
     "out dropout, to compare devices"},
    {"--threads", "N", "CPU threads (default: all cores; 1 beside other work)"},
    {"--batch", "N", "images a step and process (default: 8; on a GPU, what pays there)"},
    {"--learning-rate", "X",
     "peak, of the dae stage (default: 6e-4 for 8 images a step, by the root of more)"},
    {"--freeze-encoder-at", "X", "part of the dae stage after which latents stay as they are"},
    {"--full-noise", "X", "part of the samples at the highest noise"},
    {"--mouth-weight", "X", "of the loss around the mouth"},
    {"--eye-weight", "X", "of the loss around the eyes"},
    {"--landmark-weight", "X", "of reading lips and lids out of the latents"},
    {"--critic-weight", "X", "of the adversarial term on mouth and eyes, once latents stay as they are"},
    {"--temporal-weight", "X", "of drawn against recorded motion, once latents stay as they are"},
    {"--warp-share", "X", "of the images whose head is moved, by what this head does in the footage"},
    {"--edge-weight", "X", "of the loss on edges at high noise"},
    {"--checkpoint-every", "TIME", "between checkpoints"},
    {"--seed", "N", "of weights, batches, noise and the person's x_T"},
    {"--no-calibration", nullptr, "leave out what follows speech training: vultus calibrate"},
    {"--restart", nullptr, "forget an earlier run's state instead of resuming it"},
    {"--name", "TEXT", "card: who this is"},
    {"--source", "TEXT", "card: where the recordings come from"},
    {"--licence", "TEXT", "card: licence of the recordings"},
    {"--attribution", "TEXT", "card: whom to name"},
    {"--consent", "TEXT", "card: how the person consented"},
};

}  // namespace

std::span<const OptionText> option_table() { return kOptions; }

std::string help_text() {
    std::string text =
        "Learns a person from a prepared corpus.\nUsage: vultus train CORPUS -o PERSON.vultus [options]\n\n";
    for (const OptionText& option : kOptions) {
        const std::string left =
            option.value ? fmt::format("{} {}", option.names, option.value) : option.names;
        const char* gap = left.size() > 32 ? "\n                                  " : "";
        text += fmt::format("  {:32}{} {}\n", left, gap, option.help);
    }
    return text + fmt::format("\n{}\n", kTrainingNotes);
}

}  // namespace vultus::train
