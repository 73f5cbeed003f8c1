/// \file
/// The measured spectrum: background subtracted, efficiency corrected, passes summed, thresholds marked.
///
///     root -l -b -q 'spectrum.C("fine.root")'
///     root -l -b -q 'spectrum.C("run*.root", "fitted", 0.0101, 0.0133, 0.0511)'    // masses of a fit, in eV
///
/// Runs must have the same physics; the last argument is the number of one run, to read that one only.
#include "renp_counts.h"
#include "renp_draw.h"
#include "renp_rate.h"
#include "renp_style.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

int spectrum(const char *inputs, const char *stem = "spectrum", double m1_eV = -1, double m2_eV = -1, double m3_eV = -1,
             Long64_t run = -1)
{
   const renp::Masses given{m1_eV, m2_eV, m3_eV};
   const bool is_given = std::all_of(given.begin(), given.end(), [](double m) { return m >= 0 && std::isfinite(m); });
   if (!is_given && given != renp::Masses{-1, -1, -1}) {
      std::fprintf(stderr,
                   "spectrum: masses %g, %g, %g eV: must be three, each 0 or more; leave all out for the true ones\n",
                   m1_eV, m2_eV, m3_eV);
      return 1;
   }
   renp::Ntuple ntuple;
   if (!ntuple.open(inputs, {ntuple.all_of_steps(), ntuple.all_of_backgrounds()}) || !ntuple.choose(run))
      return 1;
   const auto setup = renp::setup_of(ntuple);
   const auto steps = renp::step_counts(ntuple);
   const auto settings = renp::setting_counts(steps);
   if (!setup || steps.empty())
      return 1;
   if (settings.empty()) {
      std::fprintf(stderr, "spectrum: %s: no step can see a signal\n", inputs);
      return 1;
   }

   std::printf("  omega_eV      sigma_eV  counts  background  spectrum  -error  +error\n");
   for (const auto &s : settings)
      std::printf("  %.12g  %.9g  %.0f  %.9g  %.9g  %.9g  %.9g\n", s.omega_eV, s.sigma_eV, s.observed, s.background,
                  s.spectrum(), s.spectrum_error_down(), s.spectrum_error_up());

   const renp::Masses masses = is_given ? given : setup->masses;
   std::optional<renp::Spectrum> theory;
   if (is_given || setup->has_masses) {
      const auto oscillation = setup->oscillation_of(masses[2] > masses[0] ? renp::kNormal : renp::kInverted);
      theory.emplace(setup->atom, renp::Couplings(oscillation, setup->nature));
      if (!setup->is_told)
         std::printf("nature and mixing are hidden: the curve is of Dirac neutrinos with NuFIT 5.2\n");
      if (setup->nature == renp::kMajorana)
         std::printf("Majorana phases are not in the trees: the curve has alpha21 = alpha31 = 0\n");
      std::printf("thresholds of the %s masses %.9g, %.9g, %.9g eV:\n", is_given ? "given" : "true", masses[0],
                  masses[1], masses[2]);
      for (const auto &[i, j] : renp::kPairs)
         std::printf("  omega_%d%d = %.12g eV\n", i + 1, j + 1,
                     renp::threshold_eV(masses[i] + masses[j], setup->atom.e_eg_eV));
   } else {
      std::printf("the masses are hidden or differ: no threshold is marked; give three masses to mark theirs\n");
   }

   const renp::SpectrumPicture picture(settings, theory, masses);
   TCanvas *canvas = renp::new_canvas("spectrum", picture.has_zoom() ? 2 : 1);
   canvas->cd(1);
   picture.draw_all(is_given ? "SM, given masses" : "SM, true masses");
   if (picture.has_zoom()) {
      canvas->cd(2);
      picture.draw_zoom();
   }
   return renp::save(canvas, stem) ? 0 : 1;
}
