using System.Diagnostics;
using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class RunFolderTests : IDisposable
{
    // The pid of the first process, with a start time that it cannot have.
    private const string Gone = "1-999999999999";
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ostler-run-");
    private readonly List<Process> _processes = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_process_that_is_gone_left_running_is_ended_and_its_folder_removed()
    {
        var folder = Leave(Gone + "-1");
        var component = await RunAsync(folder, "etcd");

        RunFolder.Sweep(_root.FullName);
        await component.WaitForExitAsync(Token);

        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task What_belongs_to_a_living_process_is_left_alone()
    {
        using var owned = RunFolder.Create(_root.FullName);
        var component = await RunAsync(owned.FullPath, "etcd");

        RunFolder.Sweep(_root.FullName);

        Assert.False(component.HasExited);
        Assert.True(Directory.Exists(owned.FullPath));
    }

    [Fact]
    public async Task A_process_that_was_given_the_same_pid_later_is_not_killed()
    {
        var folder = Leave(Gone + "-2");
        var other = await RunAsync(folder, "etcd");
        await File.WriteAllTextAsync(Path.Combine(folder, "etcd.pid"), $"{other.Id}-1", Token);

        RunFolder.Sweep(_root.FullName);

        Assert.False(Directory.Exists(folder));
        Assert.True(ProcessIdentity.Find(other.Id)!.Value.IsAlive);
    }

    [Fact]
    public async Task A_process_that_does_not_work_in_the_folder_is_not_killed()
    {
        var folder = Leave(Gone + "-3");
        var other = await RunAsync(_root.FullName, "other");
        await File.WriteAllTextAsync(Path.Combine(folder, "etcd.pid"), ProcessIdentity.Find(other.Id)!.Value.ToString(), Token);

        RunFolder.Sweep(_root.FullName);

        Assert.True(ProcessIdentity.Find(other.Id)!.Value.IsAlive);
    }

    [Fact]
    public void Logs_that_are_to_be_kept_outlive_the_folder_s_other_content()
    {
        var folder = RunFolder.Create(_root.FullName);
        folder.Write("etcd.log", "panic");
        folder.Write("pki/ca.key", "secret");

        folder.KeepLogs();
        folder.Dispose();
        RunFolder.Sweep(_root.FullName);

        Assert.Equal("panic", File.ReadAllText(folder.PathOf("etcd.log")));
        Assert.False(Directory.Exists(folder.PathOf("pki")));
    }

    [Fact]
    public void Nobody_else_can_read_the_keys()
    {
        using var folder = RunFolder.Create(_root.FullName);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.FullPath));
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            process.Dispose();
        }

        _root.Delete(recursive: true);
    }

    private string Leave(string name) => _root.CreateSubdirectory(name).FullName;

    /// <summary>A program that has the folder on its command line, as every component has, and its pid in it.</summary>
    private async Task<Process> RunAsync(string folder, string name)
    {
        var process = await ProcessLauncher.StartAsync(new ProcessStartInfo("/bin/sh", ["-c", "read line", "--data-dir=" + folder]) { RedirectStandardInput = true });
        _processes.Add(process);
        await File.WriteAllTextAsync(Path.Combine(folder, name + ".pid"), ProcessIdentity.Find(process.Id)!.Value.ToString(), Token);
        return process;
    }
}
