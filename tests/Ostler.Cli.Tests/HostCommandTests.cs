namespace Ostler.Cli.Tests;

/// <summary><c>ostler host …</c> on a host that has the agent's program, here a script that tells how it was started.</summary>
public sealed class HostCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ostler-host-command");

    [Theory]
    [InlineData("host status -o json", "host|status|-o|json")]
    [InlineData("host stage quay.io/acme/os@sha256:00 --dry-run", "host|stage|quay.io/acme/os@sha256:00|--dry-run")]
    [InlineData("host apply --yes --no-watchdog", "host|apply|--yes|--no-watchdog")]
    [InlineData("host rollback", "host|rollback")]
    public async Task The_agents_program_gets_every_word_and_its_code_is_the_commands(string line, string words)
    {
        var heard = Path.Combine(_folder.FullName, "heard");
        var program = Path.Combine(_folder.FullName, "ostler-agent");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nIFS='|'; echo \"$*\" > '{heard}'\nexit 7\n", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var result = await CommandLine.RunAsync(line.Split(' '), agentFolders: ["/nonexistent", _folder.FullName]);

        Assert.Equal((7, ""), (result.Code, result.Error));
        Assert.Equal(words, (await File.ReadAllTextAsync(heard, TestContext.Current.CancellationToken)).Trim());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
