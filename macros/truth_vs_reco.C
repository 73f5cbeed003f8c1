/// \file
/// Reconstruction against truth: energy resolution and efficiency of signal photons.
///
///     root -l -b -q 'truth_vs_reco.C("fine.root")'
///
/// The efficiency is that of all generated photons. A run with `output.keep_undetected` has a row for each of them;
/// elsewhere only their number per step is known, which is enough here.
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
#include <utility>

namespace renp {

/// Recorded minus true photon energy.
struct Residuals {
   Long64_t n = 0;
   double sum = 0, sum_of_squares = 0;

   void add(double residual_eV)
   {
      ++n;
      sum += residual_eV;
      sum_of_squares += residual_eV * residual_eV;
   }
   double mean() const { return sum / n; }
   double width() const { return std::sqrt(std::max(0., sum_of_squares / n - mean() * mean())); }
};

/// Signal photons of one set frequency.
struct Seen {
   Long64_t generated = 0, recorded = 0;
   double stated = 0; ///< efficiency as an experimenter knows it
};

/// Return the photons by set frequency; `residuals` are filled, and the histogram if there is one.
inline std::map<double, Seen> photons_by_frequency(Ntuple &ntuple, Residuals &residuals, TH1D *histogram)
{
   std::map<Long64_t, bool> has_lost; // run -> whether lost photons have rows
   Runs run{&ntuple.runs};
   while (run.Next())
      has_lost[*run.run] = *run.n_events > *run.n_recorded;
   std::map<double, Seen> out;
   std::map<std::pair<Long64_t, Int_t>, Seen *> seen;
   Steps step{&ntuple.steps};
   while (step.Next()) {
      auto &own = out[*step.omega_set_eV];
      seen[{*step.run, *step.step}] = &own;
      own.stated = *step.efficiency;
      if (!has_lost[*step.run])
         own.generated += std::max(*step.n_generated, 0LL);
   }
   Events event{&ntuple.events};
   while (event.Next()) {
      if (*event.origin != kSignalPhoton)
         continue;
      auto &own = *seen.at({*event.run, *event.step});
      own.generated += has_lost[*event.run];
      if (!*event.recorded)
         continue;
      ++own.recorded;
      const double residual_eV = *event.photon_energy_eV - *event.omega_emitted_eV;
      residuals.add(residual_eV);
      if (histogram)
         histogram->Fill(1e3 * residual_eV, *event.weight);
   }
   for (auto frequency = out.begin(); frequency != out.end();)
      frequency = frequency->second.generated > 0 ? std::next(frequency) : out.erase(frequency);
   return out;
}

inline void draw_resolution(TH1D *histogram, const Residuals &residuals)
{
   histogram->SetLineColor(colour(0));
   histogram->SetFillColorAlpha(colour(0), 0.25);
   histogram->GetXaxis()->SetTitle("recorded #minus true photon energy  [meV]");
   histogram->GetYaxis()->SetMaxDigits(4); // longer numbers would reach the title
   histogram->GetYaxis()->SetTitle(Form("photons / %.3g meV", histogram->GetBinWidth(1)));
   histogram->SetMaximum(1.3 * histogram->GetMaximum());
   histogram->Draw("hist");
   auto *gauss = new TF1("gauss", "gaus", histogram->GetXaxis()->GetXmin(), histogram->GetXaxis()->GetXmax());
   const double scale = histogram->GetSumOfWeights() * histogram->GetBinWidth(1);
   const double mean = 1e3 * residuals.mean(), width = 1e3 * residuals.width();
   gauss->SetParameters(scale / (width * std::sqrt(TMath::TwoPi())), mean, width);
   gauss->SetLineColor(colour(1));
   gauss->SetLineWidth(2);
   gauss->SetNpx(400);
   gauss->Draw("same");
   auto *legend = new TLegend(0.19, 0.78, 0.9, 0.9);
   legend->AddEntry(histogram, Form("%lld recorded signal photons", residuals.n), "f");
   legend->AddEntry(gauss, Form("Gaussian, mean %.2g, #sigma %.3g meV", mean, width), "l");
   legend->Draw();
   gPad->RedrawAxis();
}

inline void draw_efficiency(const std::map<double, Seen> &frequencies)
{
   auto *points = new TGraphAsymmErrors;
   auto *stated = new TGraph;
   double low = 1, high = 0;
   for (const auto &[omega, seen] : frequencies) {
      const double value = double(seen.recorded) / seen.generated;
      const double lower = TEfficiency::ClopperPearson(seen.generated, seen.recorded, 0.6827, false);
      const double upper = TEfficiency::ClopperPearson(seen.generated, seen.recorded, 0.6827, true);
      points->AddPoint(omega, value);
      points->SetPointError(points->GetN() - 1, 0, 0, value - lower, upper - value);
      stated->AddPoint(omega, seen.stated);
      low = std::min({low, lower, seen.stated});
      high = std::max({high, upper, seen.stated});
   }
   const double first = frequencies.begin()->first, last = frequencies.rbegin()->first;
   const double side = last > first ? 0.05 * (last - first) : 1e-4, room = std::max(0.5 * (high - low), 0.01 * high);
   auto *frame = gPad->DrawFrame(first - side, std::max(0., low - room), last + side, high + 1.5 * room);
   frame->GetXaxis()->SetTitle("trigger frequency #omega  [eV]");
   frame->GetXaxis()->SetNdivisions(504);
   frame->GetXaxis()->SetDecimals();
   frame->GetYaxis()->SetTitle("recorded / generated signal photons");
   frame->GetYaxis()->SetDecimals();
   stated->SetLineColor(colour(1));
   stated->SetLineWidth(2);
   stated->Draw("L");
   points->SetMarkerStyle(kFullCircle);
   points->SetMarkerSize(points->GetN() > 20 ? 0.6f : 1.f);
   points->Draw("P Z");
   auto *legend = new TLegend(0.19, 0.78, 0.9, 0.9);
   legend->AddEntry(points, "from truth, 68 % Clopper-Pearson", "pe");
   legend->AddEntry(stated, "as stated in the file", "l");
   legend->Draw();
   gPad->RedrawAxis();
}

} // namespace renp

int truth_vs_reco(const char *inputs, const char *stem = "truth_vs_reco")
{
   renp::Ntuple ntuple;
   if (!ntuple.open(inputs))
      return 1;
   renp::Residuals residuals;
   renp::photons_by_frequency(ntuple, residuals, nullptr);
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
   const auto frequencies = renp::photons_by_frequency(ntuple, residuals, histogram);

   std::printf("energy: %lld recorded signal photons, recorded minus true: mean %.9g eV, sigma %.9g eV\n", residuals.n,
               residuals.mean(), residuals.width());
   std::printf("  omega_eV  generated  recorded  efficiency  stated\n");
   for (const auto &[omega, seen] : frequencies)
      std::printf("  %.12g  %lld  %lld  %.9g  %.9g\n", omega, seen.generated, seen.recorded,
                  double(seen.recorded) / seen.generated, seen.stated);

   TCanvas *canvas = renp::new_canvas("truth_vs_reco", 2);
   canvas->cd(1);
   renp::draw_resolution(histogram, residuals);
   renp::label_pad("renp-sim");
   canvas->cd(2);
   renp::draw_efficiency(frequencies);
   return renp::save(canvas, stem) ? 0 : 1;
}
