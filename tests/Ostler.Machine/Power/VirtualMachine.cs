using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Waiting;

namespace Ostler.Machine.Power;

/// <summary>Tells what the machine does, for people: what, and whether it is worth a line of the story.</summary>
internal delegate void MachineWitness(string what);

/// <summary>
/// A machine in qemu, emulated in software, with a disk that outlives its boots. Has the power switch: a machine that reboots is started
/// again from what its boot loader's menu says by then, one whose power was cut stays off until it is switched on.
/// </summary>
internal sealed partial class VirtualMachine : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _logs;
    private readonly string _disk;
    private readonly string _containers;
    private readonly BootLoader _loader;
    private readonly MachineWitness _tell;
    private readonly ProgressFeed _progress = new();
    private readonly Lock _gate = new();
    private readonly List<(string[] Words, TaskCompletionSource Seen)> _awaited = [];
    private TaskCompletionSource<GuestConsole> _console = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _qemu;
    private Task _power = Task.CompletedTask;
    private bool _cut;

    /// <param name="folder">For sockets, kernels and the like. Short: a socket's path may have 108 characters.</param>
    /// <param name="logs">What the kernel and systemd say on the first serial port, a file per boot.</param>
    /// <param name="disk">The disk, which is written to.</param>
    /// <param name="containers">The disk with the container storage, which is not.</param>
    /// <param name="tell">Gets a line for each thing that happens.</param>
    public VirtualMachine(string folder, string logs, string disk, string containers, MachineWitness tell)
    {
        (_folder, _logs, _disk, _containers, _tell) = (folder, logs, disk, containers, tell);
        _loader = new BootLoader(disk, folder);
    }

    /// <summary>Each line on the first serial port that was not there before, but for its numbers.</summary>
    public IProgressSource Progress => _progress;

    /// <summary>How often it was started.</summary>
    public int Boots { get; private set; }

    /// <summary>Switches it on. From then on it is started again whenever it reboots.</summary>
    public void SwitchOn(CancellationToken cancellationToken)
    {
        _cut = false;
        _power = PowerAsync(cancellationToken);
    }

    /// <summary>Cuts the power: nothing that was not on the disk by now is.</summary>
    public async Task CutPowerAsync()
    {
        _cut = true;
        _qemu?.Kill();
        await _power;
        _tell("POWER CUT");
    }

    /// <summary>Runs a command in the guest as root, in the present boot or, when there is none, the next one.</summary>
    public async Task<GuestAnswer> RunAsync(string command, CancellationToken cancellationToken) => await (await Console().WaitAsync(cancellationToken)).RunAsync(command, cancellationToken);

    /// <summary>Runs a command in the guest, which must succeed, and returns all that it said, without the white space around it.</summary>
    public async Task<string> AskAsync(string command, CancellationToken cancellationToken)
    {
        var answer = await RunAsync(command, cancellationToken);
        return answer.ExitCode == 0 ? answer.Output.Trim() : throw new InvalidOperationException($"In the machine '{command}' ended with {answer.ExitCode}: {answer.Output.Trim()}");
    }

    /// <summary>
    /// Done when a line on the first serial port has all these words: ask before it can come. systemd cuts the middle out of what is too
    /// long for a line.
    /// </summary>
    public Task SaysAsync(params string[] words)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _awaited.Add((words, seen));
        }

        return seen.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _cut = true;
        _qemu?.Kill();
        await _power.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private Task<GuestConsole> Console()
    {
        lock (_gate)
        {
            return _console.Task;
        }
    }

    private async Task PowerAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!_cut && !cancellationToken.IsCancellationRequested)
            {
                await BootAsync(cancellationToken);
            }
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // Whoever waits for what the machine does is told why it does nothing.
            _tell($"THE MACHINE DOES NOT BOOT: {failure.Message}");
        }
    }

    private async Task BootAsync(CancellationToken cancellationToken)
    {
        var (entry, kernel, initrd) = await _loader.LoadAsync(cancellationToken);
        var boot = ++Boots;
        _tell($"boot {boot}: the boot loader takes {entry.Title}");
        using var serial = Listen("serial");
        using var console = Listen("console");
        _qemu = await ProcessLauncher.StartAsync(
            "qemu-system-x86_64",
            [
                "-accel", "tcg,thread=multi", "-smp", "2", "-m", "1024", "-cpu", "max", "-machine", "q35", "-display", "none", "-monitor", "none",

                // A reboot ends it, so that what the menu says by then is read.
                "-no-reboot",
                "-kernel", kernel, "-initrd", initrd, "-append", entry.Options,

                // What the guest has written is in the file, whatever becomes of qemu; what the host's own disk has is nobody's concern
                // here.
                "-drive", $"file={_disk},if=virtio,format=raw,cache=unsafe", "-drive", $"file={_containers},if=virtio,format=raw,readonly=on",

                // The host's loopback, at the address that pods have for the API server.
                "-netdev", "user,id=net,net=10.96.0.0/16,host=10.96.0.1,dns=10.96.0.3,dhcpstart=10.96.0.15,restrict=off", "-device", "virtio-net-pci,netdev=net",
                "-device", "virtio-rng-pci",
                "-chardev", $"socket,id=serial,path={PathOf("serial")}", "-serial", "chardev:serial",
                "-chardev", $"socket,id=console,path={PathOf("console")}", "-serial", "chardev:console",
            ],
            Path.Combine(_logs, "qemu.log"),
            _folder);
        using var qemu = _qemu;
        var started = Stopwatch.GetTimestamp();
        var ended = qemu.WaitForExitAsync(CancellationToken.None);
        await using var noLonger = cancellationToken.Register(() => qemu.Kill());
        var lines = ReadSerialAsync(serial, boot, ended);
        using var shell = await AcceptAsync(console, ended) is { } port ? new GuestConsole(port, _progress) : null;
        if (shell is not null)
        {
            _ = shell.Ready.ContinueWith(
                ready => _tell(string.Create(CultureInfo.InvariantCulture, $"boot {boot}: a shell after {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s")),
                cancellationToken, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            _console.TrySetResult(shell);
        }

        await ended;
        _qemu = null;
        lock (_gate)
        {
            _console = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await lines;
        if (shell is not null)
        {
            await shell.Reading;
        }

        _tell(string.Create(CultureInfo.InvariantCulture, $"boot {boot}: off after {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s"));
        if (!_cut && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(3))
        {
            throw new InvalidOperationException($"qemu does not run: see {Path.Combine(_logs, "qemu.log")}.");
        }
    }

    /// <summary>Colours.</summary>
    [GeneratedRegex("\\x1b\\[[0-9;]*[a-zA-Z]")]
    private static partial Regex Escapes();

    private string PathOf(string socket) => Path.Combine(_folder, socket);

    private Socket Listen(string name)
    {
        File.Delete(PathOf(name));
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(PathOf(name)));
        socket.Listen();
        return socket;
    }

    private static async Task<Socket?> AcceptAsync(Socket listener, Task ended)
    {
        var accepted = listener.AcceptAsync();
        return await Task.WhenAny(accepted, ended) == accepted ? await accepted : null;
    }

    private async Task ReadSerialAsync(Socket listener, int boot, Task ended)
    {
        if (await AcceptAsync(listener, ended) is not { } port)
        {
            return;
        }

        using var reader = new StreamReader(new NetworkStream(port, ownsSocket: true), Encoding.UTF8);
        await using var log = new StreamWriter(Path.Combine(_logs, string.Create(CultureInfo.InvariantCulture, $"serial-{boot:00}.log")));
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                await log.WriteLineAsync(line);
                var plain = Escapes().Replace(line, "");
                _progress.ReportLine(plain);
                lock (_gate)
                {
                    _awaited.RemoveAll(awaited => awaited.Words.All(word => plain.Contains(word, StringComparison.Ordinal)) && awaited.Seen.TrySetResult());
                }
            }
        }
        catch (IOException)
        {
            // Killed in the middle.
        }
    }
}
