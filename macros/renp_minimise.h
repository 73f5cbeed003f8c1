/// \file
/// The minimum of -2lnL across kinks, and errors that need no second derivative.
///
/// -2lnL has a kink in a mass wherever a threshold crosses a step. So all these places are scanned first, and Minuit2
/// polishes inside one smooth interval; errors are where -2lnL has risen by 1.
#ifndef RENP_MINIMISE_H
#define RENP_MINIMISE_H

#include <Math/Factory.h>
#include <Math/Functor.h>
#include <Math/Minimizer.h>
#include <TMath.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace renp {

/// A fit by Minuit2 of so many variables; set them, Minimize(), and ask for X() and MinValue().
class Fit {
public:
   Fit(const std::function<double(const double *)> &function, unsigned n)
      : fFunctor(function, n), fMinimizer(ROOT::Math::Factory::CreateMinimizer("Minuit2", "Migrad"))
   {
      fMinimizer->SetFunction(fFunctor);
      fMinimizer->SetErrorDef(1);
      fMinimizer->SetStrategy(2);
      fMinimizer->SetTolerance(1e-4); // 5e-4 of an error
      fMinimizer->SetMaxFunctionCalls(5000);
      fMinimizer->SetPrintLevel(-1);
   }

   ROOT::Math::Minimizer *operator->() const { return fMinimizer.get(); }

private:
   ROOT::Math::Functor fFunctor;
   std::unique_ptr<ROOT::Math::Minimizer> fMinimizer;
};

/// -2lnL along one mass: mass -> -2lnL of all points that were tried, and the best of them.
struct Curve {
   std::map<double, double> points;
   double best = 0, q = INFINITY;

   void add(double mass, double value)
   {
      points[mass] = value;
      if (value < q)
         best = mass, q = value;
   }
};

/// A smooth piece of a curve: its ends, and the best point in it.
struct Piece {
   double low, high, best, q;
};

/// Evaluate at both ends of a piece and between them, closer where onsets make the curve steep.
inline Piece scan_piece(Curve &curve, const std::function<double(double)> &q, double low, double high)
{
   Piece piece{low, high, (low + high) / 2, INFINITY};
   const int n = 2 + std::min(14, int((high - low) / 0.5e-3));
   for (int k = 0; k <= n; ++k) {
      const double mass = k == n ? high : low + (high - low) * std::pow(std::sin(k * TMath::Pi() / 2 / n), 2);
      if (curve.points.count(mass) == 0)
         curve.add(mass, q(mass));
      if (curve.points[mass] < piece.q)
         piece.best = mass, piece.q = curve.points[mass];
   }
   return piece;
}

/// Scan all masses >= 0 through all kinks, then polish in the best pieces.
inline Curve minimise_along(const std::function<double(double)> &q, std::vector<double> kinks)
{
   std::sort(kinks.begin(), kinks.end());
   kinks.push_back((kinks.empty() ? 0 : 1.02 * std::max(0., kinks.back())) + 1e-3); // beyond, all is closed
   Curve curve;
   std::vector<Piece> pieces;
   double low = 0;
   for (const double high : kinks)
      if (high - low > 1e-12) {
         pieces.push_back(scan_piece(curve, q, low, high));
         low = high;
      }
   std::sort(pieces.begin(), pieces.end(), [](const Piece &a, const Piece &b) { return a.q < b.q; });
   const double lowest = pieces.front().q;
   for (size_t k = 0; k < pieces.size() && k < 6 && pieces[k].q < lowest + 4; ++k) {
      const auto &[piece_low, piece_high, best, value] = pieces[k];
      const double start = best > piece_low && best < piece_high ? best : (piece_low + piece_high) / 2;
      Fit fit([&](const double *mass) { return q(mass[0]); }, 1);
      fit->SetLimitedVariable(0, "mass", start, 0.1 * (piece_high - piece_low), piece_low, piece_high);
      fit->Minimize();
      curve.add(fit->X()[0], fit->MinValue());
   }
   return curve;
}

/// How far x may move from the best value until -2lnL has risen by 1, down (to 0 at most) or up; else infinite.
inline double error_of(const std::function<double(double)> &q, double best, double q_min, double step, int sign)
{
   double inside = best, outside = best;
   for (int k = 0; k < 60; ++k, step *= 1.5) {
      outside = std::max(0., inside + sign * step);
      if (q(outside) > q_min + 1)
         break;
      if (outside == 0)
         return best;
      if (k == 59)
         return INFINITY;
      inside = outside;
   }
   for (int k = 0; k < 30; ++k) {
      const double middle = (inside + outside) / 2;
      (q(middle) > q_min + 1 ? outside : inside) = middle;
   }
   return sign * (inside - best);
}

} // namespace renp

#endif // RENP_MINIMISE_H
