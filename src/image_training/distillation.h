// A teacher of many DDIM steps makes a student that needs one.
#pragma once

#include <functional>
#include <string>

#include "autograd/torch_ops.h"
#include "image_training/noise_levels.h"
#include "person/image_normalisation.h"
#include "person/person.h"

namespace vultus::image_training {

/// Student and teacher start with the same weights and share the encoder, which stays as it is.
/// Methods
/// - "regression" (Luhman & Luhman 2021, arXiv:2101.02388): in one step what the teacher draws in all of its.
/// - "progressive" (Salimans & Ho 2022, arXiv:2202.00512, alg. 2): in one step what the teacher draws in two;
///   then the student is the teacher and half of the steps are left, until one is. Each phase takes an equal
///   part of the training.
/// - "consistency" (Song et al. 2023, arXiv:2303.01469, alg. 2): the same image as the averaged student draws
///   one of the teacher's steps further on.
/// Half of the noise that DaeTrainer gives is the person's own x_T, which talking always starts from.
class Distillation {
  public:
    /// Errors: kInvalidArgument on another method, unless steps is a power of two from 2 to 64;
    /// kUnsupported unless the teacher predicts v.
    Distillation(const std::string& method, int teacher_steps, const person::Person& teacher,
                 const person::ImageNormalisation& space, torch::Device device, torch::Dtype compute);

    /// Writes the prediction v [B, 3, S, S] for x_t at each timestep.
    using Predict = std::function<torch::Tensor(const torch::Tensor& x_t, const std::vector<int>& timesteps)>;
    struct Task {
        torch::Tensor x_t;           ///< [B, 3, S, S]
        std::vector<int> timesteps;  ///< [B]
        torch::Tensor x0;            ///< what the student should draw from them
    };
    /// x0, noise [B, 3, S, S]; z [B, latent]. student: with its averaged weights.
    Task task(const torch::Tensor& x0, const torch::Tensor& noise, const torch::Tensor& z, std::uint64_t seed,
              const Predict& student);

    /// To be called before each step with the part of the training that is done, 0..1. Takes over the
    /// averaged student where a phase has ended.
    void advance(double fraction, const std::function<torch::Tensor(const std::string&)>& averaged);

    /// Steps that the student of this phase needs.
    int student_steps() const { return student_steps_; }

    void save(Archive& archive) const;
    void load(const Archive& archive);

  private:
    torch::Tensor drawn(const torch::Tensor& x_t, const torch::Tensor& prediction,
                        const NoiseLevels& at) const;
    torch::Tensor teacher_step(const torch::Tensor& x_t, const torch::Tensor& z, const std::vector<int>& from,
                               const std::vector<int>& to);
    Task regression_task(const torch::Tensor& noise, const torch::Tensor& z);
    Task progressive_task(const torch::Tensor& x0, const torch::Tensor& noise, const torch::Tensor& z,
                          const std::vector<int>& places);
    Task consistency_task(const torch::Tensor& x0, const torch::Tensor& noise, const torch::Tensor& z,
                          const std::vector<int>& places, const Predict& student);

    std::string method_;
    int teacher_steps_, student_steps_, phases_ = 1, phase_ = 0;
    models::ModelConfig model_;
    diffusion::Schedule schedule_;
    torch::Device device_;
    torch::Dtype compute_;
    torch::Tensor low_, high_;  ///< [3, S, S]: what an image can be
    autograd::Parameters teacher_;
};

}  // namespace vultus::image_training
