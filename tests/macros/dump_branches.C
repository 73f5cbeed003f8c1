/// Write every branch of every tree of a file to FOLDER/tree.branch as raw bytes, read through TTreeReader, and compare
/// with what TTree::Draw sees. The value is the exit code: 1 if they differ.
#include <TFile.h>
#include <TLeaf.h>
#include <TTree.h>
#include <TTreeReader.h>
#include <TTreeReaderArray.h>
#include <TTreeReaderValue.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>

Long64_t drawn(TTree *tree, const char *name)
{
   tree->SetEstimate(-1);
   return tree->Draw(name, "", "goff");
}

template <class T>
bool dump(TTree *tree, const char *name, std::ofstream &out)
{
   const Long64_t n = drawn(tree, name);
   TTreeReader reader(tree);
   TTreeReaderValue<T> value(reader, name);
   Long64_t row = 0;
   bool is_same = true;
   while (reader.Next()) {
      const T own = *value;
      out.write(reinterpret_cast<const char *>(&own), sizeof own);
      const double seen = tree->GetV1()[row++];
      is_same &= seen == double(own) || (std::isnan(seen) && std::isnan(double(own)));
   }
   return is_same && n == row;
}

bool dump_texts(TTree *tree, const char *name, std::ofstream &out)
{
   const Long64_t n = drawn(tree, name);
   TTreeReader reader(tree);
   TTreeReaderArray<UChar_t> text(reader, name);
   Long64_t bytes = 0;
   while (reader.Next()) {
      for (const UChar_t letter : text)
         out.put(char(letter));
      out.put('\n');
      bytes += text.GetSize();
   }
   return n == bytes;
}

int dump_branches(const char *path, const char *folder)
{
   TFile file(path);
   bool is_same = true;
   for (const char *tree_name : {"runs", "steps", "backgrounds", "events"}) {
      auto *tree = file.Get<TTree>(tree_name);
      for (TObject *branch : *tree->GetListOfBranches()) {
         const std::string name = branch->GetName();
         const TLeaf *leaf = tree->GetLeaf(name.c_str());
         if (!leaf) // the counter of a text
            continue;
         const std::string type = leaf->GetTypeName();
         std::ofstream out(std::string(folder) + "/" + tree_name + "." + name, std::ios::binary);
         const bool is_text = leaf->GetLeafCount() != nullptr;
         bool is_good = false;
         if (is_text)
            is_good = dump_texts(tree, name.c_str(), out);
         else if (type == "Long64_t")
            is_good = dump<Long64_t>(tree, name.c_str(), out);
         else if (type == "ULong64_t")
            is_good = dump<ULong64_t>(tree, name.c_str(), out);
         else if (type == "Int_t")
            is_good = dump<Int_t>(tree, name.c_str(), out);
         else if (type == "Short_t")
            is_good = dump<Short_t>(tree, name.c_str(), out);
         else if (type == "Char_t")
            is_good = dump<Char_t>(tree, name.c_str(), out);
         else if (type == "Bool_t")
            is_good = dump<Bool_t>(tree, name.c_str(), out);
         else if (type == "Float_t")
            is_good = dump<Float_t>(tree, name.c_str(), out);
         else if (type == "Double_t")
            is_good = dump<Double_t>(tree, name.c_str(), out);
         if (!is_good)
            std::fprintf(stderr, "%s.%s of type %s: TTree::Draw and TTreeReader differ\n", tree_name, name.c_str(),
                         type.c_str());
         is_same &= is_good;
      }
   }
   return is_same ? 0 : 1;
}
