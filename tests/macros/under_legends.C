/// Print of an open canvas how many legends it has, how many places that something is drawn at, and how
/// many of these lie under one: points with their errors, curves, and the tops of bins.
#include <TCanvas.h>
#include <TF1.h>
#include <TGraph.h>
#include <TH1.h>
#include <THStack.h>
#include <TLegend.h>
#include <TROOT.h>

#include <cmath>
#include <cstdio>
#include <vector>

/// Something at x that reaches from low to high, in the coordinates of its pad.
struct Place {
   double x, low, high;
};

void add_graph(const TGraph &graph, std::vector<Place> &places)
{
   for (int i = 0; i < graph.GetN(); ++i) {
      const double y = graph.GetPointY(i);
      places.push_back({graph.GetPointX(i), y - std::max(0., graph.GetErrorYlow(i)),
                        y + std::max(0., graph.GetErrorYhigh(i))});
   }
}

void add_bins(const TH1 &bins, double bottom, std::vector<Place> &places)
{
   for (int i = 1; i <= bins.GetNbinsX(); ++i)
      if (bins.GetBinContent(i) > 0)
         places.push_back({bins.GetBinCenter(i), bottom, bins.GetBinContent(i)});
}

void look_at(TVirtualPad &pad, int &n_legends, int &n_places, int &n_under)
{
   std::vector<Place> places;
   for (TObject *drawn : *pad.GetListOfPrimitives()) {
      if (auto *inner = dynamic_cast<TVirtualPad *>(drawn))
         look_at(*inner, n_legends, n_places, n_under);
      else if (auto *graph = dynamic_cast<TGraph *>(drawn))
         add_graph(*graph, places);
      else if (auto *stack = dynamic_cast<THStack *>(drawn))
         add_bins(*static_cast<TH1 *>(stack->GetStack()->Last()), -INFINITY, places);
      else if (auto *bins = dynamic_cast<TH1 *>(drawn))
         add_bins(*bins, -INFINITY, places);
      else if (auto *curve = dynamic_cast<TF1 *>(drawn))
         for (double x = curve->GetXmin(); x < curve->GetXmax(); x += (curve->GetXmax() - curve->GetXmin()) / 100)
            places.push_back({x, curve->Eval(x), curve->Eval(x)});
   }
   n_places += places.size();
   const auto to_pad = [&pad](double y) {
      const double frame = pad.GetLogy() ? (y > 0 ? std::log10(y) : -INFINITY) : y;
      return (frame - pad.GetY1()) / (pad.GetY2() - pad.GetY1());
   };
   for (TObject *drawn : *pad.GetListOfPrimitives())
      if (auto *legend = dynamic_cast<TLegend *>(drawn)) {
         ++n_legends;
         for (const Place &place : places) {
            const double u = pad.GetLogx() ? std::log10(place.x) : place.x;
            const double x = (u - pad.GetX1()) / (pad.GetX2() - pad.GetX1());
            n_under += legend->GetX1NDC() <= x && x <= legend->GetX2NDC() && to_pad(place.low) <= legend->GetY2NDC() &&
                       to_pad(place.high) >= legend->GetY1NDC();
         }
      }
}

int under_legends(const char *canvas)
{
   if (TObject *object = gROOT->GetListOfCanvases()->FindObject(canvas)) {
      int n_legends = 0, n_places = 0, n_under = 0;
      look_at(*static_cast<TCanvas *>(object), n_legends, n_places, n_under);
      std::printf("%s: %d legends, %d places, %d under a legend\n", object->GetName(), n_legends, n_places, n_under);
   }
   return 0;
}
