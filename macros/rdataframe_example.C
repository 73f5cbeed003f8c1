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
#include <THStack.h>
#include <TLegend.h>

#include <cstdio>
#include <vector>

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
   auto offset = recorded.Stats("offset_meV", "weight");
   auto lowest = recorded.Min<float>("photon_energy_eV"), highest = recorded.Max<float>("photon_energy_eV");
   const Long64_t n_recorded = *recorded.Count(); // runs the loop, once for all that was booked so far
   return 0;
}
