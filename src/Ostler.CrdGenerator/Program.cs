using Ostler.CrdGenerator;

const string Usage = """
    Usage: ostler-crdgen [--verify] [FOLDER]

    Writes the CRDs and the references of fields, metrics and reasons into FOLDER (default: config), and what the Helm chart has of FOLDER into
    charts/ostler/files beside it.
      --verify   write nothing; fail when a file is not what the types say
    """;

if (args.Contains("--help"))
{
    Console.WriteLine(Usage);
    return 0;
}

var verify = args.Contains("--verify");
var rest = args.Where(argument => argument != "--verify").ToArray();
if (rest.Length > 1 || rest.Any(argument => argument.StartsWith('-')))
{
    Console.Error.WriteLine(Usage);
    return 2;
}

var folder = rest.FirstOrDefault() ?? "config";
if (!verify)
{
    GeneratedFiles.Write(folder);
    ChartFiles.Write(folder);
    return 0;
}

var stale = GeneratedFiles.Stale(folder);
foreach (var path in stale)
{
    Console.Error.WriteLine($"{path} is not what the types say: run make manifests.");
}

var staleInChart = ChartFiles.Stale(folder);
foreach (var path in staleInChart)
{
    Console.Error.WriteLine($"{path} is not what {folder} says: edit the file there and run make manifests.");
}

return stale.Count + staleInChart.Count == 0 ? 0 : 1;
