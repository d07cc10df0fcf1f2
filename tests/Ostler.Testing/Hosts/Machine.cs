using System.Diagnostics;
using System.Globalization;

namespace Ostler.Testing.Hosts;

/// <summary>
/// A machine that can be switched on: its two disks (sysroot and /boot), both in memory, in a mount namespace
/// that outlives every power cycle. Mounts never reach the mount table of the machine that runs the tests.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    private readonly Process _keeper;

    private Machine(string folder, Process keeper) => (Folder, _keeper) = (folder, keeper);

    /// <summary>The machine's folder in the run folder: mount points, console, and what the stubs read and write.</summary>
    public string Folder { get; }

    /// <summary>Path of the sysroot, inside the machine's mount namespace.</summary>
    public string Disk => DiskIn(Folder);

    /// <summary>The same sysroot for our own file access, from outside.</summary>
    public string View => $"/proc/{_keeper.Id}/root{Disk}";

    /// <summary>What the harness, the init and the stubs share: /run/ostler-lab in the host.</summary>
    public string Lab => LabIn(Folder);

    public string EventsFile => Path.Combine(Lab, "events");

    public static async Task<Machine> StartAsync(string folder, string scripts, long sysrootBytes, long bootBytes, CancellationToken cancellationToken)
    {
        foreach (var name in new[] { "disk", "root", "lab/units", "lab/jobs", "lab/journal" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }
        var start = new ProcessStartInfo(
            // A session of its own: Ctrl-C at the terminal is for the harness, which then ends its hosts in order.
            "setsid",
            [
                "unshare", "--mount", "--propagation", "private", "bash", Path.Combine(scripts, "machine.sh"), DiskIn(folder),
                sysrootBytes.ToString(CultureInfo.InvariantCulture), bootBytes.ToString(CultureInfo.InvariantCulture), Path.Combine(LabIn(folder), "events"),
            ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var keeper = Process.Start(start)!;
        RunFolder.Record(folder, keeper.Id);
        var machine = new Machine(folder, keeper);
        if (await keeper.StandardOutput.ReadLineAsync(cancellationToken) != "ready")
        {
            var error = await keeper.StandardError.ReadToEndAsync(cancellationToken);
            await machine.DisposeAsync();
            throw new InvalidOperationException($"The machine's disks could not be made: {error}");
        }
        return machine;
    }

    /// <summary>The words to put before a command that is to run with the machine's disks in sight.</summary>
    public IReadOnlyList<string> Enter() =>
        ["nsenter", "--target", _keeper.Id.ToString(CultureInfo.InvariantCulture), "--mount", "--"];

    public Task<CommandResult> RunAsync(IReadOnlyList<string> argv, CancellationToken cancellationToken) =>
        HostCommand.RunAsync([.. Enter(), .. argv], cancellationToken);

    /// <summary>Takes the disks away. The host must be off.</summary>
    public async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync();
        _keeper.Dispose();
    }

    private static string DiskIn(string folder) => Path.Combine(folder, "disk");

    private static string LabIn(string folder) => Path.Combine(folder, "lab");
}
