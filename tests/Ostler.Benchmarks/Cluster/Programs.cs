using Ostler.Benchmarks.Harness;
using Ostler.Testing;

namespace Ostler.Benchmarks.Cluster;

/// <summary>The native programs, as they are shipped.</summary>
internal static class Programs
{
    public static string Controller => Find("controller/ostler-controller");

    public static string Agent => Find("agent/ostler-agent");

    private static string Find(string name)
    {
        var path = Path.Combine(Repository.Root, "artifacts/publish", name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not there: compile it with \"make publish\".", path);
    }
}
