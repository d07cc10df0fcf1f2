using Ostler.Agent.Host;

namespace Ostler.Agent.Tests.Support;

/// <summary>A folder that stands for a host's root; gone with the test.</summary>
internal sealed class TempHost : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ostler-agent-");

    public TempHost()
    {
        Files = new HostFiles(_root.FullName);
        Put("/run/ostree-booted", "");
        Put("/proc/sys/kernel/random/boot_id", HostTrees.FirstBoot + "\n");
        Put("/proc/stat", $"cpu 1 2 3\nbtime {HostTrees.Noon.AddMinutes(-3).ToUnixTimeSeconds()}\nprocesses 7\n");
    }

    public string Root => _root.FullName;

    public HostFiles Files { get; }

    public void Put(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    public void PutFolder(string path) => Directory.CreateDirectory(At(path));

    public string At(string path) => Path.Join(_root.FullName, path);

    public void Dispose() => _root.Delete(recursive: true);
}
