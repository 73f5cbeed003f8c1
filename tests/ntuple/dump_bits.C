// Print the bytes of every value of every tree as ROOT has them in memory, and what TTree::Draw makes of them.
#include <TBranch.h>
#include <TFile.h>
#include <TLeaf.h>
#include <TTree.h>
#include <cstdio>

int dump_bits(const char *path) {
  TFile file(path, "READ");
  if (file.IsZombie() || file.TestBit(TFile::kRecovered)) return 1;
  for (const char *name : {"runs", "steps", "backgrounds", "events"}) {
    auto *tree = file.Get<TTree>(name);
    if (!tree) return 2;
    const Long64_t entries = tree->GetEntries();
    for (TObject *object : *tree->GetListOfBranches()) {
      auto *branch = static_cast<TBranch *>(object);
      auto *leaf = static_cast<TLeaf *>(branch->GetListOfLeaves()->At(0));
      std::printf("%s %s ", name, branch->GetName());
      for (Long64_t entry = 0; entry < entries; ++entry) {
        // the leaf that counts the bytes of a text is read before the text
        if (leaf->GetLeafCount()) leaf->GetLeafCount()->GetBranch()->GetEntry(entry);
        branch->GetEntry(entry);
        const auto *bytes = static_cast<const unsigned char *>(leaf->GetValuePointer());
        const int size = leaf->GetLen() * leaf->GetLenType();
        for (int i = 0; i < size; ++i) std::printf("%02x", bytes[i]);
      }
      std::printf(" %lld\n", tree->Draw(branch->GetName(), "", "goff"));
    }
  }
  return 0;
}
