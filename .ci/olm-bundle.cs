// Makes a bundle for the Operator Lifecycle Manager from the chart.
// Usage: dotnet run .ci/olm-bundle.cs TARGET [HELM-VALUE=…]
//   The values name the images, as in controller.image.repository=registry.example/ostler-controller
#:project ../tests/Ostler.Testing/Ostler.Testing.csproj
#:property PublishAot=false

using Ostler.Testing.ControlPlane;
using Ostler.Testing.Olm;
using Ostler.Testing.Tools;

if (args is not [var target, .. var values])
{
    Console.Error.WriteLine("Usage: dotnet run .ci/olm-bundle.cs TARGET [HELM-VALUE=…]");
    return 2;
}

var (helm, whyNot) = await Helm.FindAsync(null, CancellationToken.None);
if (helm is null)
{
    Console.Error.WriteLine(whyNot);
    return 2;
}

using var program = helm;
// make runs it in the root of the repository.
var root = Directory.GetCurrentDirectory();
var chart = Path.Combine(root, "charts", "ostler");
var rendered = await helm.TryAsync(
    CancellationToken.None,
    ["template", "ostler", chart, "--namespace", "ostler-system", "--kube-version", "1.30.0", "--set", "openshift.enabled=true", .. values.SelectMany(v => (string[])["--set", v])]);
if (rendered.ExitCode != 0)
{
    Console.Error.WriteLine(rendered.Stderr.Trim());
    return 1;
}

string[] samples = ["osimage.yaml", "upgradepolicy.yaml"];
var files = OlmBundle.From(
    YamlDocuments.Read(rendered.Stdout),
    YamlDocuments.Read(File.ReadAllText(Path.Combine(chart, "Chart.yaml")))[0],
    [.. samples.Select(sample => YamlDocuments.Read(File.ReadAllText(Path.Combine(root, "config", "samples", sample)))[0])],
    File.ReadAllBytes(Path.Combine(root, "src", "Ostler.Controller", "Console", "Web", "icon.svg")));
foreach (var (path, text) in files)
{
    var file = Path.Combine(target, path);
    Directory.CreateDirectory(Path.GetDirectoryName(file)!);
    File.WriteAllText(file, text);
}

Console.WriteLine($"{files.Count} files in {target}");
return 0;
