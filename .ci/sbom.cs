// Completes the bill of materials (CycloneDX) of a native program, which the CycloneDX tool wrote from the packages of its project: adds
// the runtime that is linked into it, and says the commit's time in place of now, so that the same commit gives the same file.
// Usage: dotnet run .ci/sbom.cs FILE ASSETS LINKED EPOCH
//   ASSETS  the project's project.assets.json: which packages the runtime is of
//   LINKED  the libraries that the linker was given, one in a line; those of the packages are named
#:property PublishAot=false

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

if (args is not [var file, var assets, var linked, var epoch])
{
    Console.Error.WriteLine("Usage: dotnet run .ci/sbom.cs FILE ASSETS LINKED EPOCH");
    return 2;
}

var bom = JsonNode.Parse(File.ReadAllText(file))!;
var graph = JsonNode.Parse(File.ReadAllText(assets))!;
var components = bom["components"]!.AsArray();
bom["metadata"]!["timestamp"] = DateTimeOffset.FromUnixTimeSeconds(long.Parse(epoch, CultureInfo.InvariantCulture)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

var folders = graph["packageFolders"]!.AsObject().Select(f => f.Key).ToArray();
string[] libraries = [.. File.ReadAllLines(linked).Distinct().Order(StringComparer.Ordinal)];
foreach (var pack in graph["project"]!["frameworks"]!.AsObject().SelectMany(f => f.Value!["downloadDependencies"]?.AsArray() ?? []))
{
    var (name, version) = ((string)pack!["name"]!, ((string)pack["version"]!).Trim('[', ']').Split(',')[0].Trim());
    if (components.Any(c => (string?)c!["name"] == name))
    {
        continue;
    }

    var folder = folders.Select(f => Path.Combine(f, name.ToLowerInvariant(), version)).First(Directory.Exists);
    var linkedOfIt = libraries.Where(path => path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal));
    var purl = $"pkg:nuget/{name}@{version}";
    var nupkg = Path.Combine(folder, $"{name.ToLowerInvariant()}.{version}.nupkg");
    components.Add(new JsonObject
    {
        ["type"] = "framework",
        ["bom-ref"] = purl,
        ["name"] = name,
        ["version"] = version,
        ["scope"] = "required",
        ["hashes"] = new JsonArray(new JsonObject { ["alg"] = "SHA-512", ["content"] = Convert.ToHexString(SHA512.HashData(File.ReadAllBytes(nupkg))) }),
        ["licenses"] = new JsonArray(new JsonObject { ["license"] = new JsonObject { ["id"] = "MIT" } }),
        ["purl"] = purl,
        ["components"] = new JsonArray([.. linkedOfIt.Select(path => new JsonObject
        {
            ["type"] = "file",
            ["bom-ref"] = $"{purl}#{Path.GetFileName(path)}",
            ["name"] = Path.GetFileName(path),
            ["hashes"] = new JsonArray(new JsonObject { ["alg"] = "SHA-512", ["content"] = Convert.ToHexString(SHA512.HashData(File.ReadAllBytes(path))) }),
        })]),
    });
    bom["dependencies"]!.AsArray().Add(new JsonObject { ["ref"] = purl, ["dependsOn"] = new JsonArray() });
    (bom["dependencies"]!.AsArray().First(d => (string?)d!["ref"] == (string?)bom["metadata"]!["component"]!["bom-ref"])!["dependsOn"] as JsonArray)!.Add(purl);
}

File.WriteAllText(file, bom.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n");
return 0;
