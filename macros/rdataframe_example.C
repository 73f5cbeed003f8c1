/// \file
/// Photon energies with RDataFrame on all cores, each event joined with its laser step.
///
///     root -l -b -q 'rdataframe_example.C("fine.root")'
///
/// `steps` is a friend of `events` by the key (run, step), so that step.omega_set_eV and all the rest can be used
/// beside the branches of an event.
#include "renp_ntuple.h"
#include "renp_style.h"

#include <ROOT/RDataFrame.hxx>
#include <TH1D.h>
#include <TH2D.h>
#include <THStack.h>
#include <TLegend.h>

#include <algorithm>
#include <cstdio>

namespace renp {

/// One colour for each origin of the photons, stacked.
inline void draw_origins(const TH2D &by_origin)
{
   static const char *const names[] = {"hidden", "signal", "dark counts", "continuum", "QED", "leakage", "afterpulses"};
   auto *stack = new THStack("origins", "");
   auto *legend = new TLegend(0.19, 0.9, 0.5, 0.9);
   for (int bin = by_origin.GetNbinsY(); bin >= 1; --bin) {
      auto *histogram = by_origin.ProjectionX(Form("origin_%d", bin), bin, bin);
      histogram->SetDirectory(nullptr);
      if (histogram->GetEntries() == 0)
         continue;
      histogram->SetLineColor(colour(bin + 5));
      histogram->SetFillColorAlpha(colour(bin + 5), 0.5);
      stack->Add(histogram);
      legend->AddEntry(histogram, Form("%s: %.0f", names[bin - 1], histogram->GetSumOfWeights()), "f");
   }
   legend->SetY1(0.9 - 0.065 * stack->GetNhists());
   gPad->SetLogy();
   stack->Draw("hist");
   stack->SetMinimum(0.5);
   stack->SetMaximum(30 * stack->GetMaximum());
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
   if (!ntuple.open(inputs))
      return 1;
   ROOT::EnableImplicitMT();
   ntuple.steps.BuildIndex("run", "step");
   ntuple.events.AddFriend(&ntuple.steps, "laser");

   ROOT::RDataFrame frame(ntuple.events);
   auto recorded = frame.Filter("recorded").Define("offset_meV", "1e3 * (photon_energy_eV - laser.omega_set_eV)");
   auto n_recorded = recorded.Count();
   auto lowest = recorded.Min("offset_meV"), highest = recorded.Max("offset_meV");
   auto mean = recorded.Mean("offset_meV");
   if (*n_recorded == 0) { // the first value that is asked for fills all that was booked, in one loop
      std::fprintf(stderr, "rdataframe_example: %s: no recorded photon\n", inputs);
      return 1;
   }
   const double low = std::min(*lowest, -1.), high = std::max(*highest, 1.), room = 0.02 * (high - low);
   auto by_origin = recorded.Histo2D<double, Char_t, double>(
      {"by_origin", "", 80, low - room, high + room, 7, -1.5, 5.5}, "offset_meV", "origin", "weight");
   std::printf("%llu recorded photons, offsets from %.9g to %.9g meV, mean %.9g meV, %u threads\n", *n_recorded,
               *lowest, *highest, *mean, ROOT::GetThreadPoolSize());
   TCanvas *canvas = renp::new_canvas("rdataframe_example", 1);
   canvas->cd(1);
   renp::draw_origins(*by_origin);
   return renp::save(canvas, stem) ? 0 : 1;
}
