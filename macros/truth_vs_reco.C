/// \file
/// Reconstruction against truth: energy resolution, and signal photons recorded against what the file states.
///
///     root -l -b -q 'truth_vs_reco.C("fine.root")'
///
/// How many of the photons that a step generated are recorded is told by its own stated efficiency and live time. The
/// stated efficiency counts the afterpulses that a photon causes, which have rows of their own and are no photons
/// here: so it is divided by the counts per pulse of the run, which its rows tell.
#include "renp_ntuple.h"
#include "renp_style.h"

#include <TEfficiency.h>
#include <TF1.h>
#include <TGraph.h>
#include <TGraphAsymmErrors.h>
#include <TH1D.h>
#include <TLegend.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace renp {

/// Recorded minus true photon energy, weighted.
struct Residuals {
   Long64_t n = 0;
   double weights = 0, sum = 0, sum_of_squares = 0;

   void add(double residual_eV, double weight)
   {
      ++n;
      weights += weight;
      sum += weight * residual_eV;
      sum_of_squares += weight * residual_eV * residual_eV;
   }
   double mean() const { return sum / weights; }
   double width() const { return std::sqrt(std::max(0., sum_of_squares / weights - mean() * mean())); }
};

/// Signal photons.
struct Seen {
   Long64_t generated = 0, recorded = 0;
   double expected = 0; ///< recorded ones by what is stated

   double measured() const { return double(recorded) / generated; }
   double stated() const { return expected / generated; }
   void add(const Seen &other)
   {
      generated += other.generated;
      recorded += other.recorded;
      expected += other.expected;
   }
};

/// Signal photons of a run by set frequency, and what stands between them and the stated efficiency.
struct RunSeen {
   std::map<double, Seen> frequencies;
   Long64_t pulses = 0, afterpulses = 0;
   double open_s = 0, live_s = 0;

   double counts_per_pulse() const { return pulses > 0 ? double(pulses + afterpulses) / pulses : 1.; }
   Seen sum() const
   {
      Seen out;
      for (const auto &[omega, seen] : frequencies)
         out.add(seen);
      return out;
   }
};

/// The time of a step in which photons can be seen: all of it, or the windows of a pulsed laser.
inline double open_time_s(double duration_s, const std::string &pulses)
{
   const double repetition_hz = number_of(pulses, "repetition_hz"), window_s = number_of(pulses, "window_s");
   if (repetition_hz <= 0)
      return duration_s;
   const double n_whole = std::floor(duration_s * repetition_hz);
   return n_whole * window_s + std::min(duration_s - n_whole / repetition_hz, window_s);
}

/// Return the photons of each run; `residuals` are filled, and the histogram if there is one.
inline std::map<Long64_t, RunSeen> photons_by_run(Ntuple &ntuple, Residuals &residuals, TH1D *histogram)
{
   std::map<Long64_t, RunSeen> out;
   std::map<std::pair<Long64_t, Int_t>, double> omega_eV;
   Steps step{&ntuple.steps};
   while (step.Next())
      omega_eV[{*step.run, *step.step}] = *step.omega_set_eV;
   Events event{&ntuple.events};
   while (event.Next()) {
      auto &own = out[*event.run];
      if (*event.recorded)
         ++(*event.origin == kAfterpulse ? own.afterpulses : own.pulses);
      if (*event.origin != kSignalPhoton || !*event.recorded)
         continue;
      ++own.frequencies[omega_eV.at({*event.run, *event.step})].recorded;
      const double residual_eV = *event.photon_energy_eV - *event.omega_emitted_eV;
      residuals.add(residual_eV, *event.weight);
      if (histogram)
         histogram->Fill(1e3 * residual_eV, *event.weight);
   }
   auto pulses = ntuple.configured("pulses");
   Steps again{&ntuple.steps};
   while (again.Next()) {
      auto &own = out[*again.run];
      const double open_s = open_time_s(*again.duration_s, pulses[*again.run]), live_s = *again.live_time_s;
      own.open_s += open_s;
      own.live_s += live_s;
      auto &seen = own.frequencies[*again.omega_set_eV];
      const Long64_t generated = std::max(*again.n_generated, 0LL);
      seen.generated += generated;
      seen.expected += generated * *again.efficiency / own.counts_per_pulse() * live_s / open_s;
   }
   for (auto &[number, own] : out)
      for (auto entry = own.frequencies.begin(); entry != own.frequencies.end();)
         entry = entry->second.generated > 0 ? std::next(entry) : own.frequencies.erase(entry);
   return out;
}

inline void print_run(Long64_t number, const RunSeen &run)
{
   const Seen sum = run.sum();
   std::printf("run %lld: %lld signal photons recorded, %.9g expected from what is stated\n", number, sum.recorded,
               sum.expected);
   if (run.afterpulses > 0)
      std::printf("  afterpulses are no photons here: the stated efficiency is divided by %.6g counts per pulse\n",
                  run.counts_per_pulse());
   if (run.live_s < (1 - 1e-9) * run.open_s)
      std::printf("  dead time takes %.3g %% of the open time, and the expectation has it\n",
                  100 * (1 - run.live_s / run.open_s));
   std::printf("  omega_eV  generated  recorded  recorded/generated  expected/generated\n");
   for (const auto &[omega, seen] : run.frequencies)
      std::printf("  %.12g  %lld  %lld  %.9g  %.9g\n", omega, seen.generated, seen.recorded, seen.measured(),
                  seen.stated());
}

inline void draw_resolution(TH1D *histogram, const Residuals &residuals)
{
   histogram->SetLineColor(colour(0));
   histogram->SetFillColorAlpha(colour(0), 0.25);
   histogram->GetXaxis()->SetTitle("recorded #minus true photon energy  [meV]");
   histogram->GetYaxis()->SetMaxDigits(4); // longer numbers would reach the title
   histogram->GetYaxis()->SetTitle(Form("photons / %.3g meV", histogram->GetBinWidth(1)));
   auto *gauss = new TF1("gauss", "gaus", histogram->GetXaxis()->GetXmin(), histogram->GetXaxis()->GetXmax());
   const double scale = histogram->GetSumOfWeights() * histogram->GetBinWidth(1);
   const double mean = 1e3 * residuals.mean(), width = 1e3 * residuals.width();
   const double peak = width > 0 ? scale / (width * std::sqrt(TMath::TwoPi())) : 0.;
   gauss->SetParameters(peak, mean, width > 0 ? width : 1.);
   histogram->SetMaximum(top_of_axis(0, std::max(histogram->GetMaximum(), peak), 2));
   histogram->Draw("hist");
   gauss->SetLineColor(colour(1));
   gauss->SetLineWidth(2);
   gauss->SetNpx(400);
   gauss->Draw("same");
   auto *legend = legend_on_top(2);
   legend->AddEntry(histogram, Form("%lld recorded signal photons", residuals.n), "f");
   legend->AddEntry(gauss, Form("Gaussian, mean %.2g, #sigma %.3g meV", mean, width), "l");
   legend->Draw();
   gPad->RedrawAxis();
}

/// What is drawn in one colour: the runs by their number, or all of them together where there are too many.
inline std::map<std::string, std::map<double, Seen>> drawn_together(const std::map<Long64_t, RunSeen> &runs)
{
   constexpr std::size_t kMostColours = 5;
   std::map<std::string, std::map<double, Seen>> out;
   for (const auto &[number, run] : runs) {
      const std::string name = runs.size() == 1             ? "from truth, 68 % Clopper-Pearson"
                               : runs.size() > kMostColours ? "sum of all runs, 68 % Clopper-Pearson"
                                                            : "run " + std::to_string(number);
      for (const auto &[omega, seen] : run.frequencies)
         out[name][omega].add(seen);
   }
   return out;
}

/// Points of each run with its own line.
inline void draw_efficiency(const std::map<Long64_t, RunSeen> &runs)
{
   const auto groups = drawn_together(runs);
   std::vector<std::pair<TGraphAsymmErrors *, TGraph *>> graphs;
   double low = 1, high = 0, first = INFINITY, last = -INFINITY;
   for (const auto &[name, frequencies] : groups) {
      auto [points, stated] = graphs.emplace_back(new TGraphAsymmErrors, new TGraph);
      for (const auto &[omega, seen] : frequencies) {
         const double value = seen.measured();
         const double lower = TEfficiency::ClopperPearson(seen.generated, seen.recorded, 0.6827, false);
         const double upper = TEfficiency::ClopperPearson(seen.generated, seen.recorded, 0.6827, true);
         points->AddPoint(omega, value);
         points->SetPointError(points->GetN() - 1, 0, 0, value - lower, upper - value);
         stated->AddPoint(omega, seen.stated());
         low = std::min({low, lower, seen.stated()});
         high = std::max({high, upper, seen.stated()});
         first = std::min(first, omega);
         last = std::max(last, omega);
      }
   }
   const int n_lines = groups.size() + 1;
   const double side = last > first ? 0.05 * (last - first) : 1e-4, room = std::max(0.2 * (high - low), 0.01 * high);
   const double bottom = std::max(0., low - room);
   auto *frame = gPad->DrawFrame(first - side, bottom, last + side, top_of_axis(bottom, high + room, n_lines));
   frame->GetXaxis()->SetTitle("trigger frequency #omega  [eV]");
   frame->GetXaxis()->SetNdivisions(504);
   frame->GetXaxis()->SetDecimals();
   frame->GetYaxis()->SetTitle("recorded / generated signal photons");
   frame->GetYaxis()->SetDecimals();
   auto *legend = legend_on_top(n_lines);
   auto name = groups.begin();
   for (std::size_t k = 0; k < graphs.size(); ++k, ++name) {
      auto [points, stated] = graphs[k];
      const Color_t own = graphs.size() == 1 ? Color_t(kBlack) : Color_t(colour(k));
      stated->SetLineColor(graphs.size() == 1 ? colour(1) : own);
      stated->SetLineWidth(2);
      stated->Draw("L");
      points->SetMarkerStyle(kFullCircle);
      points->SetMarkerSize(points->GetN() > 20 ? 0.6f : 1.f);
      points->SetMarkerColor(own);
      points->SetLineColor(own);
      points->Draw("P Z");
      legend->AddEntry(points, name->first.c_str(), "pe");
   }
   legend->AddEntry(graphs[0].second, "as stated, with dead time", "l");
   legend->Draw();
   gPad->RedrawAxis();
}

} // namespace renp

int truth_vs_reco(const char *inputs, const char *stem = "truth_vs_reco")
{
   renp::Ntuple ntuple;
   if (!ntuple.open(inputs, {ntuple.all_of_steps(), ntuple.all_of_events()}))
      return 1;
   ntuple.left_out_blind_runs(); // their photons have no origin, so none of them is a signal photon below
   renp::Residuals residuals;
   renp::photons_by_run(ntuple, residuals, nullptr);
   if (residuals.n == 0) {
      std::fprintf(stderr, "truth_vs_reco: %s: no recorded signal photon with its truth: the file is blind or empty\n",
                   inputs);
      return 1;
   }
   renp::set_style();
   // a resolution of 0 leaves the rounding of the recorded energy
   const double reach_meV = 1e3 * std::max(4.5 * residuals.width(), 1e-6);
   auto *histogram = new TH1D("residual", "", 90, -reach_meV, reach_meV);
   histogram->SetDirectory(nullptr);
   residuals = {};
   auto runs = renp::photons_by_run(ntuple, residuals, histogram);

   std::printf("energy: %lld recorded signal photons, recorded minus true: mean %.9g eV, sigma %.9g eV\n", residuals.n,
               residuals.mean(), residuals.width());
   for (auto run = runs.begin(); run != runs.end();) // a blind run, or one of background alone, has nothing to compare
      run = run->second.frequencies.empty() ? runs.erase(run) : std::next(run);
   for (const auto &[number, run] : runs)
      renp::print_run(number, run);

   TCanvas *canvas = renp::new_canvas("truth_vs_reco", 2);
   canvas->cd(1);
   renp::draw_resolution(histogram, residuals);
   renp::label_pad("renp-sim");
   canvas->cd(2);
   renp::draw_efficiency(runs);
   return renp::save(canvas, stem) ? 0 : 1;
}
