/// \file
/// Fit toys one by one by Minuit2's MIGRAD, as compiled C++ without any detour does: the peer of the batched fit.
///
/// mu_k = norm (a_k + b_k x + c_k x^2) + d_k is minimised in x and norm, as Minuit2 comes or, if `is_fast`, with the
/// analytic gradient and strategy 0.
/// The inputs are doubles: steps n, toys t, then a, b, c, d (n each) and the counts (t x n). The output has three
/// doubles a toy: -2lnL up to a constant, x, norm. What is timed is printed in seconds: the fits, nothing else.
#include <Minuit2/FCNBase.h>
#include <Minuit2/FunctionMinimum.h>
#include <Minuit2/MnMigrad.h>
#include <Minuit2/MnPrint.h>
#include <Minuit2/MnStrategy.h>
#include <Minuit2/MnUserParameters.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <vector>

R__LOAD_LIBRARY(libMinuit2)

namespace toys {

struct Input {
   size_t n_steps = 0, n_toys = 0;
   std::vector<double> a, b, c, d, counts;

   bool read(const char *path)
   {
      std::ifstream file(path, std::ios::binary);
      double sizes[2] = {0, 0};
      file.read(reinterpret_cast<char *>(sizes), sizeof sizes);
      n_steps = size_t(sizes[0]), n_toys = size_t(sizes[1]);
      for (auto *values : {&a, &b, &c, &d, &counts}) {
         values->resize(values == &counts ? n_steps * n_toys : n_steps);
         file.read(reinterpret_cast<char *>(values->data()), values->size() * sizeof(double));
      }
      return bool(file) && n_steps > 0;
   }
};

/// -2lnL of one toy; where an expectation is not positive, a wall.
class MinusTwoLnL : public ROOT::Minuit2::FCNBase {
public:
   MinusTwoLnL(const Input &input, bool has_gradient) : fInput(input), fHasGradient(has_gradient) {}

   void take(size_t toy) { fCounts = &fInput.counts[toy * fInput.n_steps]; }

   double operator()(const std::vector<double> &theta) const override
   {
      const double x = theta[0], norm = theta[1];
      double sum = 0;
      for (size_t k = 0; k < fInput.n_steps; ++k) {
         const double mu = norm * (fInput.a[k] + x * (fInput.b[k] + x * fInput.c[k])) + fInput.d[k];
         if (!(mu > 0))
            return 1e9;
         sum += mu - fCounts[k] * std::log(mu);
      }
      return 2 * sum;
   }

   std::vector<double> Gradient(const std::vector<double> &theta) const override
   {
      const double x = theta[0], norm = theta[1];
      double by_x = 0, by_norm = 0;
      for (size_t k = 0; k < fInput.n_steps; ++k) {
         const double shape = fInput.a[k] + x * (fInput.b[k] + x * fInput.c[k]);
         const double weight = 1 - fCounts[k] / (norm * shape + fInput.d[k]);
         by_x += weight * norm * (fInput.b[k] + 2 * x * fInput.c[k]);
         by_norm += weight * shape;
      }
      return {2 * by_x, 2 * by_norm};
   }

   bool HasGradient() const override { return fHasGradient; }
   double Up() const override { return 1; }

private:
   const Input &fInput;
   const double *fCounts = nullptr;
   bool fHasGradient;
};

} // namespace toys

int fit_toys(const char *input_path, const char *output_path, int n_starts = 1, bool is_fast = false)
{
   toys::Input input;
   if (!input.read(input_path)) {
      std::fprintf(stderr, "fit_toys: %s: cannot be read or is too short\n", input_path);
      return 1;
   }
   ROOT::Minuit2::MnPrint::SetGlobalLevel(-1);
   toys::MinusTwoLnL q(input, is_fast);
   const ROOT::Minuit2::MnStrategy strategy(is_fast ? 0 : 1);
   std::vector<double> found(3 * input.n_toys);

   const auto begun = std::chrono::steady_clock::now();
   for (size_t toy = 0; toy < input.n_toys; ++toy) {
      q.take(toy);
      double *best = &found[3 * toy];
      best[0] = INFINITY;
      for (int start = 0; start < n_starts; ++start) {
         ROOT::Minuit2::MnUserParameters parameters;
         parameters.Add("x", start == 0 ? 0.3 : -2.3, 0.1);
         parameters.Add("norm", 1, 0.1);
         ROOT::Minuit2::MnMigrad migrad(q, parameters, strategy);
         const auto minimum = migrad();
         if (minimum.Fval() < best[0]) {
            const auto &theta = minimum.UserParameters();
            best[0] = minimum.Fval(), best[1] = theta.Value(0), best[2] = theta.Value(1);
         }
      }
   }
   const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begun;

   std::ofstream file(output_path, std::ios::binary);
   file.write(reinterpret_cast<const char *>(found.data()), found.size() * sizeof(double));
   if (!file.flush()) {
      std::fprintf(stderr, "fit_toys: %s: cannot be written\n", output_path);
      return 1;
   }
   std::printf("seconds %.9f\n", elapsed.count());
   return 0;
}
