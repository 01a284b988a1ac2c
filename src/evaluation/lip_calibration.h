// Has lips drawn as wide as the speech network means them, and blinks that close the eyes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evaluation/eval.h"
#include "person/person.h"

namespace vultus::evaluation {

/// Speech training asks the latents for the lips that a linear probe on recorded frames reads off them. Lips
/// drawn from predicted latents, which are smoother than recorded ones, open as meant (r 0.99) but are not as
/// wide as meant (r 0.81 to 0.84): the corners come apart when the mouth opens, smiles and rounded lips are
/// too weak. What they do is nearly linear, too, and so can be undone. The opening stays as it is drawn:
/// where it was changed as well, latents moved farther, and lips followed other voices less.
struct LipCorrection {
    /// What the drawn lips do (opening, width; inter-ocular distances) per unit of each normalised latent,
    /// [D, 2]: ridge regression of drawn on latents. After the correction it also says what is meant.
    std::vector<float> drawn_probe;
    /// What moves the drawn lips by one unit, [D, 2], the likeliest such change: S P (P' S P)^-1, where P is
    /// drawn_probe and S the covariance of the latents.
    std::vector<float> from_lips;
    /// [D, D]: I + w (p - d)' with the columns of the width, w of from_lips, p of the probe, d of
    /// drawn_probe. Latents multiplied by it are drawn as wide as meant and as open as before; where that
    /// would move them far, where images follow them no longer, w is shorter and so is the way to it.
    std::vector<float> matrix;
    /// Correlation of opening and width, drawn against meant and against the fit.
    double meant_r[2] = {0, 0}, fit_r[2] = {0, 0};
    /// Root mean square of what would have to be added to the latents for the whole width, in parts of
    /// theirs.
    double wanted = 0;

    /// Neither so weak a dependence nor so large a change wanted that it would be noise.
    bool can_be_trusted() const;
};

/// latents [N, D], normalised, drawn [N, 2]: both about the means of their clips; probe [D, 2].
LipCorrection correct_lips(const std::vector<float>& latents, const std::vector<float>& drawn,
                           const std::vector<float>& probe);

/// The speech network's last layer and what is meant by its latents change.
void apply(const LipCorrection& correction, person::Person& person);

/// How much of the direction that closes the eyes a blink takes. Beyond some point they close no farther,
/// only the image gets worse (smeared lids, lips that move along): the least that leaves them nearly as
/// closed as any does. openness [n]: of the eyes drawn with peaks [n], rising.
float least_that_closes(const std::vector<float>& peaks, const std::vector<double>& openness);

struct CalibrationOptions {
    int num_threads = 0;                   ///< 0: all cores
    std::int64_t frames_per_round = 3000;  ///< drawn from speech of the training clips
};

struct Calibration {
    person::Person person;
    bool applied = false;
    std::string summary;  ///< a line: what was measured, or why nothing was changed
};

/// Two rounds over training clips; then blinks become as strong as needed and lose what they still do to the
/// drawn lips. The images stay.
/// Errors: kUnsupported for a person without speech or lip probe; kInvalidArgument when the corpus does not
/// fit; kCancelled.
Calibration calibrate_lips(person::Person person, const corpus::Corpus& corpus,
                           const LandmarkFactory& landmarks, const CalibrationOptions& options);

/// The same with files, and where the background stands still (steadiness.h); the person's file is replaced.
/// Returns the summary.
std::string calibrate_person(const std::filesystem::path& person, const std::filesystem::path& corpus,
                             const CalibrationOptions& options);

}  // namespace vultus::evaluation
