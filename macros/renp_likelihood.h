/// \file
/// The Poisson likelihood of a scan as a function of the neutrino masses, what is uncertain beside them profiled.
#ifndef RENP_LIKELIHOOD_H
#define RENP_LIKELIHOOD_H

#include "renp_counts.h"
#include "renp_rate.h"

#include <TDecompChol.h>
#include <TMatrixDSym.h>
#include <TVectorD.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace renp {

/// -2lnL as the chi2_P of Baker & Cousins, NIM 221 (1984) 437, with Gaussian constraints.
///
/// With the errors that the file states, the common efficiency, the scale of each background component and the
/// common frequency offset float. An error may differ from step to step: the parameter is that of the step with the
/// largest one, and the others follow in proportion. Components of several runs are the same where their index is.
class ScanLikelihood {
public:
   /// A factor on an expectation, constrained to 1 within its error.
   struct Scale {
      std::string name;
      double error;
   };

   /// The best of what is uncertain for given masses.
   struct Point {
      double q = INFINITY, offset_eV = 0;
      std::vector<double> scales; ///< minus 1
   };

   ScanLikelihood(const std::vector<Counts> &steps, const Spectrum &spectrum, bool floats)
      : fSteps(steps), fSpectrum(spectrum)
   {
      double efficiency_error = 0;
      std::map<int, double> background_error;
      if (floats)
         for (const auto &step : steps) {
            fOffsetError_eV = std::max(fOffsetError_eV, step.omega_error_eV);
            efficiency_error = std::max(efficiency_error, step.efficiency_error);
            for (const auto &component : step.components)
               background_error[component.index] =
                  std::max(background_error[component.index], component.relative_error);
         }
      if (efficiency_error > 0)
         fScales.push_back({"efficiency", efficiency_error});
      const size_t first = fScales.size();
      for (const auto &[index, error] : background_error)
         if (error > 0)
            fScales.push_back({Form("background %d", index), error});
      for (const auto &step : steps)
         add(step, first);
   }

   const std::vector<Scale> &scales() const { return fScales; }
   double offset_error_eV() const { return fOffsetError_eV; }

   /// With everything else at its best.
   double operator()(const Masses &masses) const { return at(masses).q; }

   /// The best offset and scales for these masses.
   Point at(const Masses &masses) const
   {
      if (fOffsetError_eV == 0)
         return at(masses, 0.);
      // the offset moves every threshold over the steps: look everywhere first, then narrow down (golden section)
      const double most = kMostOffset * fOffsetError_eV;
      Point best;
      double width = 0;
      for (double z = -kMostOffset, step = 1; z <= kMostOffset; z += step) {
         step = z >= -3 && z < 3 ? 0.5 : 1;
         if (take_lower(best, at(masses, z * fOffsetError_eV)))
            width = step * fOffsetError_eV;
      }
      constexpr double kGolden = 0.3819660112501051;
      double low = std::max(best.offset_eV - width, -most), high = std::min(best.offset_eV + width, most);
      Point left = at(masses, low + kGolden * (high - low)), right = at(masses, high - kGolden * (high - low));
      while (high - low > 1e-5 * fOffsetError_eV) {
         const bool is_left = left.q < right.q;
         (is_left ? high : low) = is_left ? right.offset_eV : left.offset_eV;
         (is_left ? right : left) = is_left ? left : right;
         (is_left ? left : right) = at(masses, is_left ? low + kGolden * (high - low) : high - kGolden * (high - low));
      }
      take_lower(best, left);
      take_lower(best, right);
      return best;
   }

   /// The best scales for these masses and this offset, by Newton's method.
   Point at(const Masses &masses, double offset_eV) const
   {
      const Expectation mu = expectation(masses, offset_eV);
      const double constraint = fOffsetError_eV > 0 ? std::pow(offset_eV / fOffsetError_eV, 2) : 0.;
      const int n = fScales.size();
      TVectorD y(std::max(n, 1)), moved(std::max(n, 1));
      double q = q_at(mu, y, constraint);
      for (int iteration = 0; iteration < 50 && n > 0 && std::isfinite(q); ++iteration) {
         const TVectorD step = newton_step(mu, y);
         double q_moved = INFINITY;
         for (double share = 1; share > 1e-6 && !(q_moved <= q); share /= 2) {
            for (int p = 0; p < n; ++p)
               moved[p] = std::max(-1., y[p] + share * step[p]);
            q_moved = q_at(mu, moved, constraint);
         }
         if (!(q_moved < q - 1e-11 * (1 + q)))
            break;
         y = moved;
         q = q_moved;
      }
      return {q, offset_eV, {y.GetMatrixArray(), y.GetMatrixArray() + n}};
   }

   /// Number of steps that expect some counts, but fewer than 10, the scales as stated.
   int n_few(const Masses &masses, double offset_eV) const
   {
      const auto mu = expectation(masses, offset_eV).value;
      return std::count_if(mu.begin(), mu.end(), [](double value) { return value > 0 && value < 10; });
   }

   /// m_i + m_j at which a pair opens, for each setting of the laser: where -2lnL is not smooth.
   std::vector<double> kinks_eV(double offset_eV = 0) const
   {
      std::vector<double> out;
      for (const auto &setting : fSettings) {
         const double q2 = q2_eV2(setting.omega_eV + setting.response * offset_eV, fSpectrum.atom().e_eg_eV);
         if (q2 > 0)
            out.push_back(std::sqrt(q2));
      }
      return out;
   }

private:
   struct Setting {
      double omega_eV, sigma_eV, response;
   };

   std::vector<Counts> fSteps;
   Spectrum fSpectrum;
   double fOffsetError_eV = 0;
   std::vector<Scale> fScales;
   std::vector<Setting> fSettings;
   std::map<std::tuple<double, double, double>, int> fPlaces;
   std::vector<int> fSettingOf;           ///< of each step, -1 where it can see no signal
   std::vector<double> fEfficiencySlope;  ///< of each step: change of the signal per unit of its scale
   std::vector<std::vector<double>> fBackgroundSlope;

   void add(const Counts &step, size_t first_background)
   {
      int place = -1;
      if (step.per_unit > 0) {
         const double response = fOffsetError_eV > 0 ? step.omega_error_eV / fOffsetError_eV : 0.;
         const auto [entry, is_new] = fPlaces.try_emplace({step.omega_eV, step.sigma_eV, response}, fSettings.size());
         if (is_new)
            fSettings.push_back({step.omega_eV, step.sigma_eV, response});
         place = entry->second;
      }
      fSettingOf.push_back(place);
      fEfficiencySlope.push_back(first_background > 0 ? step.efficiency_error / fScales[0].error : 0.);
      std::vector<double> slope(fScales.size());
      for (size_t p = first_background; p < fScales.size(); ++p)
         for (const auto &component : step.components)
            if (fScales[p].name == Form("background %d", component.index))
               slope[p] = component.counts * component.relative_error / fScales[p].error;
      fBackgroundSlope.push_back(slope);
   }

   static constexpr double kMostOffset = 10; ///< in errors

   static bool take_lower(Point &best, const Point &other)
   {
      if (!(other.q < best.q))
         return false;
      best = other;
      return true;
   }

   static double deviance(double n, double mu)
   {
      if (!(mu > 1e-290))
         return n == 0 && mu >= 0 ? 0. : INFINITY;
      return std::max(0., 2 * (mu - n + (n > 0 ? n * std::log(n / mu) : 0.)));
   }

   /// Expectation of each step and its slopes; linear in the scales, so that -2lnL is convex in them.
   struct Expectation {
      std::vector<double> value;
      std::vector<std::vector<double>> slope;
   };

   Expectation expectation(const Masses &masses, double offset_eV) const
   {
      std::vector<double> spectrum;
      for (const auto &s : fSettings)
         spectrum.push_back(fSpectrum(s.omega_eV + s.response * offset_eV, s.sigma_eV, masses));
      Expectation out{{}, fBackgroundSlope};
      for (size_t k = 0; k < fSteps.size(); ++k) {
         const double signal = fSettingOf[k] < 0 ? 0. : fSteps[k].per_unit * spectrum[fSettingOf[k]];
         out.value.push_back(signal + fSteps[k].background);
         if (fEfficiencySlope[k] > 0)
            out.slope[k][0] = signal * fEfficiencySlope[k];
      }
      return out;
   }

   double q_at(const Expectation &mu, const TVectorD &y, double constraint) const
   {
      for (size_t p = 0; p < fScales.size(); ++p)
         constraint += std::pow(y[p] / fScales[p].error, 2);
      for (size_t k = 0; k < fSteps.size(); ++k) {
         double value = mu.value[k];
         for (size_t p = 0; p < fScales.size(); ++p)
            value += y[p] * mu.slope[k][p];
         constraint += deviance(fSteps[k].observed, value);
      }
      return constraint;
   }

   TVectorD newton_step(const Expectation &mu, const TVectorD &y) const
   {
      const int n = fScales.size();
      TVectorD gradient(n);
      TMatrixDSym hessian(n);
      for (int p = 0; p < n; ++p) {
         const double weight = 2 / std::pow(fScales[p].error, 2);
         gradient[p] = weight * y[p];
         hessian(p, p) = weight;
      }
      for (size_t k = 0; k < fSteps.size(); ++k) {
         double value = mu.value[k];
         for (int p = 0; p < n; ++p)
            value += y[p] * mu.slope[k][p];
         const double ratio = value > 0 ? fSteps[k].observed / value : 0.;
         for (int p = 0; p < n; ++p) {
            gradient[p] += 2 * (1 - ratio) * mu.slope[k][p];
            for (int r = 0; r < n; ++r)
               hessian(p, r) += value > 0 ? 2 * ratio / value * mu.slope[k][p] * mu.slope[k][r] : 0.;
         }
      }
      // a scale at 0 that wants to fall stays there
      for (int p = 0; p < n; ++p)
         if (y[p] <= -1 && gradient[p] > 0) {
            gradient[p] = 0;
            for (int r = 0; r < n; ++r)
               hessian(p, r) = hessian(r, p) = p == r;
         }
      TVectorD step = gradient;
      TDecompChol(hessian).Solve(step);
      return step *= -1;
   }
};

} // namespace renp

#endif // RENP_LIKELIHOOD_H
