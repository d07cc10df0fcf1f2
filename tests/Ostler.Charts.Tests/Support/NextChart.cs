using Ostler.Testing;
namespace Ostler.Charts.Tests.Support;

/// <summary>A later version of the chart, in which a CRD has a field more.</summary>
internal sealed class NextChart : IDisposable
{
    public const string Version = "0.2.0";
    public const string Field = "somethingNew";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ostler-next-chart-");

    public NextChart()
    {
        foreach (var file in Directory.EnumerateFiles(Repository.Chart, "*", SearchOption.AllDirectories))
        {
            var target = System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(Repository.Chart, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        Change("Chart.yaml", "version: 0.1.0", $"version: {Version}");
        foreach (var crds in (string[])["crds", "crds-1.20"])
        {
            const string Before = "              paused:\n";
            Change(System.IO.Path.Combine("files", crds, "upgradepolicies.yaml"), Before, $"              {Field}:\n                type: string\n{Before}");
        }
    }

    public string Path => System.IO.Path.Combine(_folder.FullName, "ostler");

    public void Dispose() => _folder.Delete(recursive: true);

    private void Change(string file, string from, string to)
    {
        var path = System.IO.Path.Combine(Path, file);
        var text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }
}
