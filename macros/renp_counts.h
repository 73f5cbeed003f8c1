/// \file
/// Counts and exposure: per step for a likelihood, per setting of the laser for a picture.
#ifndef RENP_COUNTS_H
#define RENP_COUNTS_H

#include "renp_ntuple.h"

#include <Math/QuantFuncMathCore.h>

#include <cstdio>
#include <map>
#include <utility>
#include <vector>

namespace renp {

/// What one background component is expected to leave in a step.
struct Component {
   int index;
   double counts, relative_error; ///< as stated
};

/// What was counted at a frequency and line width, and what is known of it.
struct Counts {
   double omega_eV, sigma_eV;   ///< set frequency, Gaussian width of the line
   double observed;             ///< recorded photons
   double background;           ///< expected background, as stated
   double per_unit;             ///< signal photons for a spectrum of 1; 0 where no signal can be seen
   double omega_error_eV;       ///< calibration error common to all steps
   double efficiency_error;     ///< relative, common to all steps
   std::vector<Component> components;

   double spectrum() const { return (observed - background) / per_unit; }

   /// Distances to the ends of the central 68.27 % Poisson interval (Garwood 1936), the background known.
   double spectrum_error_down() const
   {
      const double lower = observed > 0 ? ROOT::Math::gamma_quantile(kTail, observed, 1.) : 0.;
      return (observed - lower) / per_unit;
   }
   double spectrum_error_up() const
   {
      return (ROOT::Math::gamma_quantile_c(kTail, observed + 1, 1.) - observed) / per_unit;
   }

   static constexpr double kTail = (1 - 0.6826894921370859) / 2;
};

/// Return the steps of all runs, or of the chosen one, in file order; empty, with a line on stderr, if their counts are
/// not Poisson.
inline std::vector<Counts> step_counts(Ntuple &ntuple)
{
   Runs run{&ntuple.runs};
   while (run.Next())
      if (ntuple.is_chosen(*run.run) && !*run.is_poisson) {
         std::fprintf(stderr, "renp: run %lld: was made with --events, so its counts are not Poisson: leave it out\n",
                      *run.run);
         return {};
      }
   std::map<std::pair<Long64_t, Int_t>, std::vector<Component>> components; // counts are rates until the time is known
   Backgrounds background{&ntuple.backgrounds};
   while (background.Next())
      if (*background.present && *background.expected_rate_hz > 0)
         components[{*background.run, *background.step}].push_back(
            {*background.component, *background.expected_rate_hz,
             *background.rate_error_hz / *background.expected_rate_hz});
   std::vector<Counts> out;
   Steps step{&ntuple.steps};
   while (step.Next()) {
      if (!ntuple.is_chosen(*step.run))
         continue;
      const double live_s = *step.live_time_s, efficiency = *step.efficiency;
      Counts counts{*step.omega_set_eV, *step.linewidth_eV, double(*step.n_recorded), 0.,
                    *step.gamma0_hz * *step.coherence * efficiency * live_s, *step.omega_common_error_eV,
                    efficiency > 0 ? *step.efficiency_common_error / efficiency : 0.,
                    components[{*step.run, *step.step}]};
      for (auto &component : counts.components)
         counts.background += component.counts *= live_s;
      out.push_back(counts);
   }
   return out;
}

/// Return the sums over all steps of one setting, in rising order of the frequency.
/// Steps that see no signal (control, dark) are left out.
inline std::vector<Counts> setting_counts(const std::vector<Counts> &steps)
{
   std::map<std::pair<double, double>, Counts> settings;
   for (const auto &step : steps) {
      if (step.per_unit <= 0)
         continue;
      auto &sum = settings[{step.omega_eV, step.sigma_eV}];
      sum.omega_eV = step.omega_eV;
      sum.sigma_eV = step.sigma_eV;
      sum.observed += step.observed;
      sum.background += step.background;
      sum.per_unit += step.per_unit;
   }
   std::vector<Counts> out;
   for (const auto &[setting, sum] : settings)
      out.push_back(sum);
   return out;
}

} // namespace renp

#endif // RENP_COUNTS_H
