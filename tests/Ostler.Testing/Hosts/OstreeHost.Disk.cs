namespace Ostler.Testing.Hosts;

public sealed partial class OstreeHost
{
    /// <summary>The boot loader's entries, highest first. Also while the host is off.</summary>
    public IReadOnlyList<BootEntry> BootEntries => BootEntry.ReadAll(_machine.View);

    /// <summary>The message that a failed finalization left for the next boot, or null.</summary>
    public string? FinalizeFailureStamp => ReadIfThere(_machine.View + "/boot/ostree/finalize-failure.stamp");

    /// <summary>The deployments as <c>ostree admin status</c> lists them; the host must be on.</summary>
    public async Task<IReadOnlyList<HostDeployment>> DeploymentsAsync(CancellationToken cancellationToken) =>
        HostDeployment.Parse((await RunAsync(["ostree", "admin", "status"], cancellationToken)).EnsureSuccess().Stdout);

    /// <summary>A file of /etc of the deployment that is booted, or boots next when the host is off; null when there is none.</summary>
    public string? ReadEtc(string path) => ReadIfThere(Path.Combine(EtcFolder, path));

    public void WriteEtc(string path, string text) => Write(Path.Combine(EtcFolder, path), text);

    /// <summary>A file of /var; null when there is none.</summary>
    public string? ReadVar(string path) => ReadIfThere(Path.Combine(VarFolder, path));

    public void WriteVar(string path, string text) => Write(Path.Combine(VarFolder, path), text);

    /// <summary>/run is empty again at every boot.</summary>
    public bool ExistsInRun(string path) => File.Exists($"{Running.View}/run/{path}");

    private string EtcFolder => $"{_machine.View}/ostree/deploy/{StateRoot}/deploy/{CurrentDeployment}/etc";

    private string VarFolder => $"{_machine.View}/ostree/deploy/{StateRoot}/var";

    private string CurrentDeployment => Booted is { } boot ? $"{boot.Commit}.{boot.Serial}" : BootEntry.Choose(_machine.View).Deployment;

    private static string ReadVersion(string tree) => File.ReadLines(tree + "/usr/lib/os-release")
        .First(line => line.StartsWith("VERSION_ID=", StringComparison.Ordinal))["VERSION_ID=".Length..];

    private static string? ReadIfThere(string file) => File.Exists(file) ? File.ReadAllText(file) : null;

    private static void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        // A new file instead of a new content: what is under /etc may share its inode with the repository's object.
        File.Delete(file);
        File.WriteAllText(file, text);
    }
}
