using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;

namespace Ostler.Playground;

/// <summary>Where the logs of a demo that failed are: the fleet's own folder is gone with it.</summary>
internal sealed class DemoLogs
{
    private DemoLogs(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>An empty folder within the repository.</summary>
    public static DemoLogs Create(string root)
    {
        var folder = Path.Combine(root, "artifacts", "demo");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        return new(folder);
    }

    /// <summary>Copies what the programs wrote so far.</summary>
    public void Collect(TestFleet fleet)
    {
        foreach (var log in Directory.EnumerateFiles(fleet.Cluster.LogFolder, "*.log").Append(fleet.ControllerLog).Where(File.Exists))
        {
            File.Copy(log, Path.Combine(Folder, Path.GetFileName(log)), overwrite: true);
        }

        foreach (var host in fleet.Lab.Hosts)
        {
            File.WriteAllText(Path.Combine(Folder, $"{host.Name}.agent.log"), fleet.AgentLog(host.Name));
            File.WriteAllLines(Path.Combine(Folder, $"{host.Name}.host-commands.log"), host.StubCalls);
        }
    }
}
