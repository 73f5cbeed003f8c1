/// Print I(omega) of renp_rate.h, one line per set of inputs in a text file.
#include "../../macros/renp_rate.h"

#include <fstream>

int dump_rates(const char *path)
{
   std::ifstream in(path);
   double e_eg, e_vg, f_l, s12, s13, delta, alpha21, alpha31, omega, sigma;
   renp::Masses m;
   int nature;
   while (in >> e_eg >> e_vg >> f_l >> s12 >> s13 >> delta >> alpha21 >> alpha31 >> nature >> m[0] >> m[1] >> m[2] >>
          omega >> sigma) {
      const renp::Oscillation oscillation{renp::kNormal, s12, s13, 0, 0, delta};
      const renp::Couplings couplings(oscillation, renp::Nature(nature), alpha21, alpha31);
      const renp::Spectrum spectrum({e_eg, e_vg, f_l}, couplings);
      std::printf("rate %.17g\n", spectrum(omega, sigma, m));
   }
   return 0;
}
