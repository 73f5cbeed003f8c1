/// Write every branch of `events` as raw bytes, read by an RDataFrame: on one thread to ONE, on two to TWO.
/// There the rows are in any order, but it is the same one for all branches.
#include <ROOT/RDataFrame.hxx>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

using Writers = std::vector<std::function<void()>>;

template <class T>
void take(ROOT::RDF::RNode frame, const std::string &folder, const std::string &name, Writers &writers)
{
   auto column = frame.Take<T>(name);
   writers.push_back([column, path = folder + "/" + name]() mutable {
      std::ofstream out(path, std::ios::binary);
      for (const T value : *column) // by value: a vector of bool has no addresses
         out.write(reinterpret_cast<const char *>(&value), sizeof value);
   });
}

void take_all(const char *path, const char *folder)
{
   ROOT::RDataFrame frame("events", path);
   Writers writers;
   for (const auto &name : frame.GetColumnNames()) {
      const std::string type = frame.GetColumnType(name);
      if (type == "Long64_t")
         take<Long64_t>(frame, folder, name, writers);
      else if (type == "Int_t")
         take<Int_t>(frame, folder, name, writers);
      else if (type == "Short_t")
         take<Short_t>(frame, folder, name, writers);
      else if (type == "Char_t")
         take<Char_t>(frame, folder, name, writers);
      else if (type == "Bool_t")
         take<Bool_t>(frame, folder, name, writers);
      else if (type == "Float_t")
         take<Float_t>(frame, folder, name, writers);
      else if (type == "Double_t")
         take<Double_t>(frame, folder, name, writers);
   }
   for (auto &write : writers)
      write();
   std::printf("%zu branches, %u slots, %u loops\n", writers.size(), frame.GetNSlots(), frame.GetNRuns());
}

int take_columns(const char *path, const char *one, const char *two)
{
   take_all(path, one);
   ROOT::EnableImplicitMT(2);
   take_all(path, two);
   return 0;
}
