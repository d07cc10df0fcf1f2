using System.Diagnostics;
using System.Globalization;
using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

public sealed class RunFolderTests : IDisposable
{
    private const string VictimRoot = "OSTLER_TEST_VICTIM_ROOT";

    private readonly string _root = Directory.CreateTempSubdirectory("ostler-run-folders-").FullName;
    private readonly CancellationTokenSource _deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public RunFolderTests()
    {
        Assert.SkipWhen(OstreeHost.WhyNotAvailable() is not null, OstreeHost.WhyNotAvailable() ?? "");
        _deadline.CancelAfter(TimeSpan.FromMinutes(2));
    }

    public void Dispose()
    {
        RunFolder.Delete(_root);
        _deadline.Dispose();
    }

    [Fact]
    public async Task A_run_takes_its_folder_along()
    {
        await using (var lab = await OstreeLab.StartAsync(_deadline.Token, _root))
        {
            var tree = await lab.Repository.CommitAsync(OsTree.Of("1.0"), _deadline.Token);
            var host = await lab.CreateHostAsync(new OstreeHostOptions { Name = "node-1", Tree = tree }, _deadline.Token);
            await host.BootAsync(_deadline.Token);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public async Task A_living_run_is_not_swept()
    {
        await using var living = await OstreeLab.StartAsync(_deadline.Token, _root);
        await using var second = await OstreeLab.StartAsync(_deadline.Token, _root);

        Assert.True(Directory.Exists(living.Folder));
        Assert.True(File.Exists(Path.Combine(living.Scripts, "boot.sh")));
    }

    [Fact]
    public async Task What_a_killed_run_left_is_swept_processes_and_immutable_files_included()
    {
        var dead = Directory.CreateDirectory(Path.Combine(_root, "0badcafe/hosts/node-1")).FullName;
        await File.WriteAllTextAsync(Path.Combine(_root, "0badcafe.lock"), "", _deadline.Token);
        using var orphan = Process.Start("sleep", "infinity");
        using var stranger = Process.Start("sleep", "infinity");
        try
        {
            RunFolder.Record(dead, orphan.Id);
            // Its PID was recorded for a process that started at another time: somebody else has it by now.
            await File.AppendAllTextAsync(Path.Combine(dead, "pids"), $"{stranger.Id} 1\n", _deadline.Token);
            await File.WriteAllTextAsync(Path.Combine(dead, "immutable"), "", _deadline.Token);
            (await HostCommand.RunAsync(["chattr", "+i", Path.Combine(dead, "immutable")], _deadline.Token)).EnsureSuccess();

            await using (await OstreeLab.StartAsync(_deadline.Token, _root))
            {
                await orphan.WaitForExitAsync(_deadline.Token);
                Assert.False(stranger.HasExited);
                Assert.Single(Directory.EnumerateDirectories(_root));
            }
        }
        finally
        {
            stranger.Kill();
        }
    }

    [Fact]
    public async Task When_the_process_of_a_run_is_killed_its_hosts_die_with_it_and_its_folder_goes()
    {
        var said = Path.Combine(_root, "said");
        (await HostCommand.RunAsync(["mkfifo", said], _deadline.Token)).EnsureSuccess();
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-explicit", "only", "-method", $"{typeof(RunFolderTests).FullName}.{nameof(A_run_that_waits_to_be_killed)}"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[VictimRoot] = _root;
        using var victim = Process.Start(start)!;
        victim.BeginOutputReadLine();
        var inits = (await File.ReadAllTextAsync(said, _deadline.Token)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var processes = inits.Select(pid => Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture))).ToArray();

        victim.Kill();

        foreach (var process in processes)
        {
            await process.WaitForExitAsync(_deadline.Token);
            process.Dispose();
        }
        Assert.Equal([said], Directory.EnumerateFileSystemEntries(_root));
        Assert.Equal(1 + (2 * 2), inits.Length); // the janitor, and of each host the disks and the init
    }

    [Fact(Explicit = true)]
    public async Task A_run_that_waits_to_be_killed()
    {
        var root = Environment.GetEnvironmentVariable(VictimRoot);
        Assert.SkipWhen(root is null, "Only the test about killed runs starts this.");
        await using var lab = await OstreeLab.StartAsync(_deadline.Token, root);
        var tree = await lab.Repository.CommitAsync(OsTree.Of("1.0"), _deadline.Token);
        var pids = File.ReadLines(Path.Combine(lab.Folder, "pids")).Select(line => line.Split(' ')[0]).ToList();
        foreach (var name in new[] { "one", "two" })
        {
            var host = await lab.CreateHostAsync(new OstreeHostOptions { Name = name, Tree = tree }, _deadline.Token);
            await host.BootAsync(_deadline.Token);
            await host.StartProcessAsync(["sh", "-c", "trap '' HUP TERM; sleep infinity"]);
            pids.AddRange(File.ReadLines(Path.Combine(lab.Folder, "hosts", name, "pids")).Select(line => line.Split(' ')[0]));
        }
        await File.WriteAllTextAsync(Path.Combine(root!, "said"), string.Join(' ', pids), _deadline.Token);
        await new TaskCompletionSource().Task.WaitAsync(_deadline.Token);
    }
}
