/// \file
/// Photon energies with RDataFrame on all cores, each event joined with its laser step.
///
///     root -l -b -q 'rdataframe_example.C("fine.root")'
///
/// `steps` is a friend of `events` by the key (run, step), so that step.omega_set_eV and all the rest can be used
/// beside the branches of an event. Every photon counts with its weight, which is 1 but in runs made with `--events`.
#include "renp_ntuple.h"
#include "renp_style.h"

#include <ROOT/RDataFrame.hxx>
#include <TH1D.h>
#include <TH2D.h>
#include <THStack.h>
#include <TLegend.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

namespace renp {

/// One colour for each origin of the photons, stacked.
inline void draw_origins(const TH2D &by_origin)
{
   static const char *const names[] = {"hidden", "signal", "dark counts", "continuum", "QED", "leakage", "afterpulses"};
   auto *stack = new THStack("origins", "");
   std::vector<std::pair<TH1D *, TString>> lines;
   double least = INFINITY;
   for (int bin = by_origin.GetNbinsY(); bin >= 1; --bin) {
      auto *histogram = by_origin.ProjectionX(Form("origin_%d", bin), bin, bin);
      histogram->SetDirectory(nullptr);
      if (histogram->GetEntries() == 0)
         continue;
      histogram->SetLineColor(colour(bin + 5));
      histogram->SetFillColorAlpha(colour(bin + 5), 0.5);
      stack->Add(histogram);
      lines.push_back({histogram, Form("%s: %.6g", names[bin - 1], histogram->GetSumOfWeights())});
      for (int k = 1; k <= histogram->GetNbinsX(); ++k)
         if (histogram->GetBinContent(k) > 0)
            least = std::min(least, histogram->GetBinContent(k));
   }
   auto *legend = legend_on_top(lines.size(), 0.5);
   for (const auto &[histogram, text] : lines)
      legend->AddEntry(histogram, text, "f");
   gPad->SetLogy();
   stack->SetMinimum(0.5 * least);
   stack->SetMaximum(top_of_axis(0.5 * least, stack->GetMaximum(), lines.size(), true));
   stack->Draw("hist");
   stack->GetXaxis()->SetTitle("recorded photon energy #minus laser frequency  [meV]");
   stack->GetYaxis()->SetTitle(Form("photons / %.3g meV", by_origin.GetXaxis()->GetBinWidth(1)));
   legend->Draw();
   gPad->RedrawAxis();
   label_pad("renp-sim");
}

} // namespace renp

int rdataframe_example(const char *inputs, const char *stem = "rdataframe_example")
{
   renp::Ntuple ntuple;
   if (!ntuple.open(inputs, {{&ntuple.steps, {"run", "step", "omega_set_eV"}},
                             {&ntuple.events, {"run", "step", "recorded", "photon_energy_eV", "origin", "weight"}}}))
      return 1;
   ROOT::EnableImplicitMT();
   ntuple.steps.BuildIndex("run", "step");
   ntuple.events.AddFriend(&ntuple.steps, "laser");

   ROOT::RDataFrame frame(ntuple.events);
   auto recorded = frame.Filter("recorded")
                      .Define("offset_meV", "1e3 * (photon_energy_eV - laser.omega_set_eV)")
                      .Define("weighted_meV", "weight * offset_meV");
   auto n_recorded = recorded.Count();
   auto lowest = recorded.Min("offset_meV"), highest = recorded.Max("offset_meV");
   auto weights = recorded.Sum("weight"), sum_meV = recorded.Sum("weighted_meV");
   if (*n_recorded == 0) { // the first value that is asked for fills all that was booked, in one loop
      std::fprintf(stderr, "rdataframe_example: %s: no recorded photon\n", inputs);
      return 1;
   }
   const double low = std::min(*lowest, -1.), high = std::max(*highest, 1.), room = 0.02 * (high - low);
   auto by_origin = recorded.Histo2D<double, Char_t, double>(
      {"by_origin", "", 80, low - room, high + room, 7, -1.5, 5.5}, "offset_meV", "origin", "weight");
   std::printf("%llu recorded photons, sum of weights %.9g, offsets from %.9g to %.9g meV, mean %.9g meV, %u threads\n",
               *n_recorded, *weights, *lowest, *highest, *sum_meV / *weights, ROOT::GetThreadPoolSize());
   TCanvas *canvas = renp::new_canvas("rdataframe_example", 1);
   canvas->cd(1);
   renp::draw_origins(*by_origin);
   return renp::save(canvas, stem) ? 0 : 1;
}
