/// \file
/// Poisson likelihood of a scan with the neutrino masses free: six thresholds with errors, as `renp-sim fit`.
///
///     root -l -b -q 'fit_thresholds.C("fine.root")'                       // lightest mass free, both orderings
///     root -l -b -q 'fit_thresholds.C("fine.root", "fit", "three")'       // three masses free
///     root -l -b -q 'fit_thresholds.C("fine.root", "fit", "lightest", "fixed")'   // efficiency, backgrounds known
///
/// Runs that are fitted together must have the same physics, whatever their masses; the last argument is the number of
/// one run, to fit that one only.
///
/// The normalisation is as stated. What the file states an error for floats with a constraint: efficiency, backgrounds,
/// frequency offset (one of all runs, where `renp-sim fit` has one of each); not the errors of single steps. Mixing and
/// splittings are those of the run, or NuFIT 5.2 for the other ordering and for blind runs. Majorana phases are not in
/// the trees: give them, or 0 is taken.
#include "renp_draw.h"
#include "renp_likelihood.h"
#include "renp_minimise.h"
#include "renp_style.h"

#include <TGraph.h>
#include <TGraphAsymmErrors.h>
#include <TLegend.h>
#include <TLine.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace renp {

/// The best fit with the mixing of one ordering; errors are those of m_i + m_j of each pair.
struct Result {
   Oscillation oscillation;
   std::shared_ptr<ScanLikelihood> likelihood;
   std::shared_ptr<Spectrum> spectrum;
   Masses masses{};
   double q = INFINITY, offset_eV = 0;
   std::array<double, 6> sum_down{}, sum_up{};
   Curve curve; ///< along the lightest mass

   double q_of_lightest(double mass) const { return (*likelihood)(oscillation.masses(mass)); }
   /// 68 % interval of the lightest mass, where it alone was free.
   double lightest_low() const { return curve.best - sum_down[lightest_pair()] / 2; }
   double lightest_high() const { return curve.best + sum_up[lightest_pair()] / 2; }
   int lightest_pair() const { return oscillation.ordering == kNormal ? 0 : 5; }
   double sum(int pair) const { return masses[kPairs[pair][0]] + masses[kPairs[pair][1]]; }
   double omega_eV(int pair) const { return threshold_eV(sum(pair), spectrum->atom().e_eg_eV); }
   double omega_down_eV(int pair) const
   {
      return omega_eV(pair) - threshold_eV(sum(pair) + sum_up[pair], spectrum->atom().e_eg_eV);
   }
   double omega_up_eV(int pair) const
   {
      return threshold_eV(sum(pair) - sum_down[pair], spectrum->atom().e_eg_eV) - omega_eV(pair);
   }
};

/// Fit the lightest mass, the splittings as they are.
inline void fit_lightest(Result &result)
{
   std::vector<double> kinks;
   for (const double sum : result.likelihood->kinks_eV())
      for (const auto &[i, j] : kPairs) {
         double low = 0, high = sum;
         for (int k = 0; k < 60; ++k) {
            const double middle = (low + high) / 2;
            const auto m = result.oscillation.masses(middle);
            (m[i] + m[j] < sum ? low : high) = middle;
         }
         kinks.push_back(low);
      }
   result.curve = minimise_along([&](double mass) { return result.q_of_lightest(mass); }, kinks);
   result.masses = result.oscillation.masses(result.curve.best);
   result.offset_eV = result.likelihood->at(result.masses).offset_eV;
   result.q = result.curve.q;
}

inline void add_errors_of_lightest(Result &result)
{
   const auto q = [&](double mass) { return result.q_of_lightest(mass); };
   const double best = result.curve.best;
   const Masses low = result.oscillation.masses(best - error_of(q, best, result.q, 1e-8, -1));
   const Masses high = result.oscillation.masses(best + error_of(q, best, result.q, 1e-8, +1));
   for (int pair = 0; pair < 6; ++pair) {
      const auto [i, j] = kPairs[pair];
      result.sum_down[pair] = result.sum(pair) - low[i] - low[j];
      result.sum_up[pair] = high[i] + high[j] - result.sum(pair);
   }
}

inline void set_offset(Fit &fit, unsigned place, double offset_eV, const ScanLikelihood &likelihood)
{
   const double error_eV = likelihood.offset_error_eV();
   if (error_eV > 0)
      fit->SetLimitedVariable(place, "offset", offset_eV, 0.1 * error_eV, -10 * error_eV, 10 * error_eV);
   else
      fit->SetFixedVariable(place, "offset", 0);
}

/// Three masses and the frequency offset, all else at its best.
struct Trial {
   Masses masses;
   double offset_eV, q;

   Trial(const ScanLikelihood &likelihood, const Masses &m) : masses(m)
   {
      const auto point = likelihood.at(m);
      offset_eV = point.offset_eV;
      q = point.q;
   }
};

/// Lower a trial: each mass in turn through its kinks, the offset, then all together, until nothing is gained.
inline void improve(Trial &trial, const ScanLikelihood &likelihood)
{
   for (int cycle = 0; cycle < 20; ++cycle) {
      const double before = trial.q;
      for (int a = 0; a < 3; ++a) {
         std::vector<double> kinks;
         for (const double sum : likelihood.kinks_eV(trial.offset_eV))
            for (int b = 0; b < 3; ++b)
               kinks.push_back(a == b ? sum / 2 : sum - trial.masses[b]);
         const auto along = [&, a](double mass) {
            Masses moved = trial.masses;
            moved[a] = mass;
            return likelihood.at(moved, trial.offset_eV).q;
         };
         const Curve curve = minimise_along(along, kinks);
         if (curve.q < trial.q)
            trial.masses[a] = curve.best, trial.q = curve.q;
      }
      if (likelihood.offset_error_eV() > 0) {
         const Trial moved(likelihood, trial.masses);
         if (moved.q < trial.q)
            trial = moved;
      }
      Fit fit([&](const double *x) { return likelihood.at({x[0], x[1], x[2]}, x[3]).q; }, 4);
      for (int a = 0; a < 3; ++a)
         fit->SetLowerLimitedVariable(a, Form("m%d", a + 1), trial.masses[a], 1e-5, 0);
      set_offset(fit, 3, trial.offset_eV, likelihood);
      fit->Minimize();
      if (fit->MinValue() < trial.q) {
         trial.masses = {fit->X()[0], fit->X()[1], fit->X()[2]};
         trial.offset_eV = fit->X()[3];
         trial.q = fit->MinValue();
      }
      if (before - trial.q < 1e-7)
         break;
   }
}

/// Fit three masses from each of the starts and from the best corners of a coarse grid.
inline void fit_masses(Result &result, std::vector<Masses> starts)
{
   auto sums = result.likelihood->kinks_eV();
   std::sort(sums.begin(), sums.end());
   constexpr int kGrid = 7, kCorners = 2;
   const size_t n_given = starts.size();
   std::multimap<double, Masses> corners;
   for (int cell = 0; cell < kGrid * kGrid * kGrid && !sums.empty(); ++cell) {
      Masses masses;
      for (int a = 0, rest = cell; a < 3; ++a, rest /= kGrid)
         masses[a] = sums[(rest % kGrid + 0.5) / kGrid * sums.size()] / 2;
      corners.insert({result.likelihood->at(masses, 0.).q, masses});
   }
   for (const auto &[q, masses] : corners)
      if (starts.size() < n_given + kCorners)
         starts.push_back(masses);
   for (const Masses &start : starts) {
      Trial trial(*result.likelihood, start);
      improve(trial, *result.likelihood);
      if (trial.q < result.q)
         result.masses = trial.masses, result.offset_eV = trial.offset_eV, result.q = trial.q;
   }
}

/// The errors of m_i + m_j, the other two combinations of masses and the offset profiled.
inline void add_errors_of_masses(Result &result)
{
   for (int pair = 0; pair < 6; ++pair) {
      const auto [i, j] = kPairs[pair];
      // the sum and two more: m_k and m_l; where i < j, m_i = sum - m_l
      const int k = i == j ? (i + 1) % 3 : 3 - i - j, l = i == j ? (i + 2) % 3 : j;
      const auto profile = [&, i = i, j = j](double sum) {
         const auto q = [&](const double *x) {
            Masses masses;
            masses[k] = std::abs(x[0]);
            masses[l] = std::abs(x[1]);
            masses[i] = i == j ? sum / 2 : std::abs(sum - x[1]);
            return result.likelihood->at(masses, x[2]).q;
         };
         Fit fit(q, 3);
         fit->SetVariable(0, "m_k", result.masses[k], 1e-6);
         fit->SetVariable(1, "m_l", result.masses[l], 1e-6);
         set_offset(fit, 2, result.offset_eV, *result.likelihood);
         fit->Minimize();
         return fit->MinValue();
      };
      result.sum_down[pair] = error_of(profile, result.sum(pair), result.q, 1e-6, -1);
      result.sum_up[pair] = error_of(profile, result.sum(pair), result.q, 1e-6, +1);
   }
}

inline void print_result(const Result &result, bool is_lightest)
{
   const auto &[m1, m2, m3] = result.masses;
   std::printf("mixing of %s ordering: -2lnL = %.9g at m = %.9g, %.9g, %.9g eV\n", name_of(result.oscillation.ordering),
               result.q, m1, m2, m3);
   for (int pair = 0; pair < 6; ++pair)
      std::printf("  omega_%d%d = %.12g eV  -%.6g +%.6g\n", kPairs[pair][0] + 1, kPairs[pair][1] + 1,
                  result.omega_eV(pair), result.omega_down_eV(pair), result.omega_up_eV(pair));
   const auto point = result.likelihood->at(result.masses, result.offset_eV);
   for (size_t p = 0; p < point.scales.size(); ++p) {
      const auto &[name, error] = result.likelihood->scales()[p];
      std::printf("  %s = %.6f, pull %+.3f\n", name.c_str(), 1 + point.scales[p], point.scales[p] / error);
   }
   if (result.likelihood->offset_error_eV() > 0)
      std::printf("  frequency offset = %.4g eV, pull %+.3f\n", point.offset_eV,
                  point.offset_eV / result.likelihood->offset_error_eV());
   const int n_few = result.likelihood->n_few(result.masses, result.offset_eV);
   if (n_few > 0)
      std::printf("  %d steps expect fewer than 10 counts: levels are asymptotic, check them with toys\n", n_few);
   if (!is_lightest)
      return;
   const double low = result.lightest_low(), high = result.lightest_high();
   std::printf("  lightest mass = %.9g eV, 68 %% in %.9g to %.9g\n", result.curve.best, low, high);
   for (const auto &[x, q] : result.curve.points)
      if (q < result.q + 1 && (x < low || x > high))
         std::printf("  also within 1 of the minimum: lightest mass %.6g eV\n", x);
}

/// -2lnL above its minimum against the lightest mass, on a logarithmic axis since kinks make it steep.
inline void draw_curves(const std::vector<Result> &results, const Result &best)
{
   double high = 0, top = 100;
   for (const auto &result : results)
      for (const auto &[x, q] : result.curve.points)
         if (std::isfinite(q)) {
            high = std::max(high, 1e3 * x);
            top = std::max(top, q - best.q);
         }
   auto *frame = gPad->DrawFrame(0, 0.02, high, top_of_axis(0.02, top, results.size(), true));
   frame->GetXaxis()->SetTitle("lightest mass  [meV]");
   frame->GetYaxis()->SetTitle("#minus2 ln L #minus minimum");
   gPad->SetLogy();
   auto *one = new TLine(0, 1, high, 1);
   one->SetLineStyle(kDashed);
   one->SetLineColor(kGray + 1);
   one->Draw();
   auto *legend = legend_on_top(results.size(), 0.6);
   for (size_t k = 0; k < results.size(); ++k) {
      auto points = results[k].curve.points;
      for (double x = 0; x < 1e-3 * high; x += 5e-6 * high)
         points[x] = results[k].q_of_lightest(x);
      auto *graph = new TGraph;
      for (const auto &[x, q] : points)
         if (std::isfinite(q))
            graph->AddPoint(1e3 * x, std::max(q - best.q, 0.02));
      graph->SetLineColor(colour(k));
      graph->SetLineWidth(2);
      graph->Draw("L");
      legend->AddEntry(graph, Form("%s ordering", name_of(results[k].oscillation.ordering)), "l");
   }
   legend->Draw();
   gPad->RedrawAxis();
   const double mass_eV = best.curve.best;
   label_pad(Form("lightest mass %.5g  #minus%.2g +%.2g meV (68 %%)", 1e3 * mass_eV,
                  1e3 * (mass_eV - best.lightest_low()), 1e3 * (best.lightest_high() - mass_eV)));
}

/// Each threshold in units of its error, from the true one, or from the fit where the truth is hidden.
inline void draw_pulls(const Result &result, const Setup &setup)
{
   std::array<double, 6> pulls;
   double low = -1.5, high = 3.5;
   for (int pair = 0; pair < 6; ++pair) {
      const auto [i, j] = kPairs[pair];
      const double truth = threshold_eV(setup.masses[i] + setup.masses[j], setup.atom.e_eg_eV);
      const double off = setup.has_masses ? result.omega_eV(pair) - truth : 0;
      // 0 or infinite where a mass is at its bound or unseen
      const double error = off > 0 ? result.omega_down_eV(pair) : result.omega_up_eV(pair);
      pulls[pair] = error > 0 && std::isfinite(error) ? off / error : 0.;
      low = std::min(low, pulls[pair] - 1.5);
      high = std::max(high, pulls[pair] + 1.5);
   }
   const double left = high - (high - low) / 0.29; // the numbers take the rest
   auto *frame = gPad->DrawFrame(left, 0, high, 6.6);
   frame->GetXaxis()->SetTitle(setup.has_masses ? "(fit #minus truth) / error" : "distance from the fit / error");
   frame->GetYaxis()->SetLabelSize(0);
   frame->GetYaxis()->SetTickLength(0);
   auto *zero = new TLine(0, 0, 0, 6.6);
   zero->SetLineStyle(kDashed);
   zero->SetLineColor(kGray + 1);
   zero->Draw();
   auto *points = new TGraphAsymmErrors;
   TLatex latex;
   latex.SetTextFont(42);
   latex.SetTextSize(0.04f);
   latex.SetTextAlign(12);
   for (int pair = 0; pair < 6; ++pair) {
      const auto [i, j] = kPairs[pair];
      const double down = result.omega_down_eV(pair), up = result.omega_up_eV(pair), y = 5.8 - pair;
      points->AddPoint(pulls[pair], y);
      points->SetPointError(pair, 1, 1, 0, 0);
      latex.DrawLatex(left + 0.02 * (high - left), y,
                      Form("#omega_{%d%d} = %.7f eV #minus%.2g +%.2g #mueV", i + 1, j + 1, result.omega_eV(pair),
                           1e6 * down, 1e6 * up));
   }
   points->SetMarkerStyle(kFullCircle);
   points->SetMarkerColor(colour(0));
   points->SetLineColor(colour(0));
   points->SetLineWidth(2);
   points->Draw("P Z");
   label_pad("thresholds, three masses free");
}

/// Majorana phases, which the trees do not have; a negative delta is NuFIT's.
struct Phases {
   double alpha21_deg, alpha31_deg, delta_deg;
};

/// Fit with the mixing of either ordering.
inline std::vector<Result>
fit_both(const Setup &setup, const std::vector<Counts> &steps, const Phases &phases, bool is_lightest, bool floats)
{
   std::vector<Result> results(2);
   std::vector<Masses> starts;
   for (const auto ordering : {kNormal, kInverted}) {
      auto &result = results[ordering];
      result.oscillation = setup.oscillation_of(ordering);
      if (phases.delta_deg >= 0)
         result.oscillation.delta_deg = phases.delta_deg;
      if (setup.nature == kMajorana)
         std::printf("Majorana phases are not in the trees: alpha21 %g, alpha31 %g, delta %g deg are taken (%s)\n",
                     phases.alpha21_deg, phases.alpha31_deg, result.oscillation.delta_deg, name_of(ordering));
      const Couplings couplings(result.oscillation, setup.nature, phases.alpha21_deg, phases.alpha31_deg);
      result.spectrum = std::make_shared<Spectrum>(setup.atom, couplings);
      result.likelihood = std::make_shared<ScanLikelihood>(steps, *result.spectrum, floats);
      fit_lightest(result);
      starts.push_back(result.masses);
   }
   for (auto &result : results) {
      if (!is_lightest)
         fit_masses(result, starts);
      if (std::isfinite(result.q))
         is_lightest ? add_errors_of_lightest(result) : add_errors_of_masses(result);
   }
   return results;
}

} // namespace renp

int fit_thresholds(const char *inputs, const char *stem = "fit_thresholds", const char *masses = "lightest",
                   const char *nuisances = "stated", double alpha21_deg = 0, double alpha31_deg = 0,
                   double delta_deg = -1, Long64_t run = -1)
{
   const bool is_lightest = std::string(masses) == "lightest", floats = std::string(nuisances) == "stated";
   if ((!is_lightest && std::string(masses) != "three") || (!floats && std::string(nuisances) != "fixed")) {
      std::fprintf(stderr, "fit_thresholds: masses %s, nuisances %s: must be lightest or three, stated or fixed\n",
                   masses, nuisances);
      return 1;
   }
   renp::Ntuple ntuple;
   if (!ntuple.open(inputs, {ntuple.all_of_steps(), ntuple.all_of_backgrounds()}) || !ntuple.choose(run))
      return 1;
   auto setup = renp::setup_of(ntuple);
   const auto steps = renp::step_counts(ntuple);
   const auto settings = renp::setting_counts(steps);
   if (!setup || steps.empty())
      return 1;
   if (settings.empty()) {
      std::fprintf(stderr, "fit_thresholds: %s: no step can see a signal\n", inputs);
      return 1;
   }
   if (!setup->is_told) {
      std::printf("nature and mixing are hidden: Dirac and NuFIT 5.2 are taken\n");
      setup->nature = renp::kDirac;
   }

   const auto results = renp::fit_both(*setup, steps, {alpha21_deg, alpha31_deg, delta_deg}, is_lightest, floats);
   const auto &best = results[0].q <= results[1].q ? results[0] : results[1];
   std::printf("%zu steps, %s free, %s\n", steps.size(), is_lightest ? "lightest mass" : "three masses",
               renp::name_of(setup->nature));
   for (const auto &result : results)
      renp::print_result(result, is_lightest);
   std::printf("best: mixing of %s ordering, -2lnL = %.9g\n", renp::name_of(best.oscillation.ordering), best.q);
   if (!std::isfinite(best.q)) {
      std::fprintf(stderr, "fit_thresholds: %s: no mass allows the counts: a step has some where none is expected\n",
                   inputs);
      return 1;
   }

   const renp::SpectrumPicture picture(settings, *best.spectrum, best.masses);
   TCanvas *canvas = renp::new_canvas("fit_thresholds", 2);
   canvas->cd(1);
   picture.draw_all(is_lightest ? Form("best fit, %s ordering", renp::name_of(best.oscillation.ordering))
                                : "best fit, three masses free");
   canvas->cd(2);
   is_lightest ? renp::draw_curves(results, best) : renp::draw_pulls(best, *setup);
   return renp::save(canvas, stem) ? 0 : 1;
}
