/// \file
/// One look for all macros.
#ifndef RENP_STYLE_H
#define RENP_STYLE_H

#include <TCanvas.h>
#include <TColor.h>
#include <TError.h>
#include <TLatex.h>
#include <TLegend.h>
#include <TROOT.h>
#include <TStyle.h>
#include <TSystem.h>
#include <TVirtualPad.h>

#include <cmath>
#include <cstdio>

namespace renp {

/// Colours that colour-blind readers can tell apart (Okabe & Ito).
inline Int_t colour(int index)
{
   static const char *const hex[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"};
   return TColor::GetColor(hex[index % 7]);
}

inline void set_style()
{
   gStyle->SetOptStat(0);
   gStyle->SetOptTitle(0);
   gStyle->SetOptFit(0);
   gStyle->SetCanvasColor(kWhite);
   gStyle->SetFrameBorderMode(0);
   gStyle->SetCanvasBorderMode(0);
   gStyle->SetPadBorderMode(0);
   gStyle->SetPadTickX(1);
   gStyle->SetPadTickY(1);
   gStyle->SetTickLength(0.025, "XY");
   gStyle->SetPadLeftMargin(0.155);
   gStyle->SetPadRightMargin(0.045);
   gStyle->SetPadTopMargin(0.08);
   gStyle->SetPadBottomMargin(0.155);
   for (const char *axis : {"X", "Y", "Z"}) {
      gStyle->SetLabelFont(42, axis);
      gStyle->SetTitleFont(42, axis);
      gStyle->SetLabelSize(0.046, axis);
      gStyle->SetTitleSize(0.052, axis);
   }
   gStyle->SetLabelOffset(0.014, "X");
   gStyle->SetLabelOffset(0.01, "Y");
   gStyle->SetTitleOffset(1.25, "X");
   gStyle->SetTitleOffset(1.45, "Y");
   gStyle->SetNdivisions(506, "X");
   gStyle->SetNdivisions(507, "Y");
   gStyle->SetLegendBorderSize(0);
   gStyle->SetLegendFillColor(kWhite);
   gStyle->SetLegendFont(42);
   gStyle->SetLegendTextSize(0.043);
   gStyle->SetTextFont(42);
   gStyle->SetEndErrorSize(0);
   gStyle->SetHistLineWidth(2);
   gStyle->SetLineScalePS(2);
}

/// A canvas of so many pads side by side; the caller owns it.
inline TCanvas *new_canvas(const char *name, int n_pads)
{
   set_style();
   delete gROOT->GetListOfCanvases()->FindObject(name); // of an earlier run in this session
   auto *canvas = new TCanvas(name, name, n_pads == 1 ? 760 : 560 * n_pads, 520);
   canvas->Divide(n_pads, 1, 0.002f, 0.002f);
   return canvas;
}

constexpr double kLegendLine = 0.065, kLegendGap = 0.02; ///< height of a line, and of what is free above and below

/// A legend of so many lines along the top of the frame of the current pad; `top_of_axis` keeps its place free.
inline TLegend *legend_on_top(int n_lines, double right = 0.93)
{
   const double top = 1 - gPad->GetTopMargin() - kLegendGap;
   return new TLegend(0.19, top - n_lines * kLegendLine, right, top);
}

/// The upper end of an axis that begins at `low`, so that what reaches up to `high` ends below a legend on top.
inline double top_of_axis(double low, double high, int n_lines, bool is_log = false)
{
   const double frame = 1 - gStyle->GetPadTopMargin() - gStyle->GetPadBottomMargin();
   const double stretch = frame / (frame - n_lines * kLegendLine - 2 * kLegendGap);
   return is_log ? low * std::pow(high / low, stretch) : low + stretch * (high - low);
}

/// A line above the right end of the frame of the current pad: the left one is for powers of ten.
inline void label_pad(const char *text)
{
   TLatex latex;
   latex.SetNDC();
   latex.SetTextFont(42);
   latex.SetTextSize(0.045f);
   latex.SetTextAlign(31);
   latex.DrawLatex(1 - gPad->GetRightMargin(), 1 - gPad->GetTopMargin() + 0.02, text);
}

/// Write STEM.png and STEM.pdf; false, with a line on stderr, if they cannot be written.
inline bool save(TCanvas *canvas, const char *stem)
{
   const auto level = gErrorIgnoreLevel;
   gErrorIgnoreLevel = kWarning;
   for (const char *suffix : {"png", "pdf"})
      canvas->SaveAs(Form("%s.%s", stem, suffix));
   gErrorIgnoreLevel = level;
   for (const char *suffix : {"png", "pdf"}) {
      if (gSystem->AccessPathName(Form("%s.%s", stem, suffix))) {
         std::fprintf(stderr, "renp: %s.%s: cannot be written: check the folder\n", stem, suffix);
         return false;
      }
      std::printf("wrote %s.%s\n", stem, suffix);
   }
   return true;
}

} // namespace renp

#endif // RENP_STYLE_H
