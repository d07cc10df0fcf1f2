using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Tests.Support;

namespace Ostler.Agent.Tests.Backends.Ostree;

public sealed class OstreeEtcConflictsTests : IDisposable
{
    private static readonly string Defaults = $"/ostree/deploy/edge/deploy/{HostTrees.Commit(2)}.0/usr/etc/";

    private readonly TempHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void The_recorded_list_is_read_without_what_was_deleted() =>
        Assert.Equal(["hostname", "app.conf", "own.conf"], OstreeEtcConflicts.Kept(Shared.Own("config-diff.txt")));

    [Fact]
    public async Task A_file_that_becomes_a_directory_is_a_conflict()
    {
        _host.Put("/etc/app.conf", "edited");
        _host.Put(Defaults + "app.conf/main", "x");

        Assert.Contains("/etc/app.conf changed", await PredictAsync("M    app.conf\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_with_an_own_file_that_becomes_a_file_is_a_conflict()
    {
        _host.Put("/etc/app.d/99-own.conf", "own");
        _host.Put(Defaults + "app.d", "now a file");

        Assert.Contains("/etc/app.d/99-own.conf", await PredictAsync("A    app.d/99-own.conf\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_own_file_where_the_new_tree_has_a_directory_is_a_conflict_and_only_the_first_are_named()
    {
        foreach (var name in new[] { "a", "b", "c", "d", "e" })
        {
            _host.Put("/etc/" + name, "own");
            _host.PutFolder(Defaults + name);
        }

        var warning = await PredictAsync("A    a\nA    b\nA    c\nA    d\nA    e\n");

        Assert.Contains("/etc/a, /etc/b, /etc/c and 2 more", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Different_content_a_new_file_and_a_deleted_one_are_none()
    {
        _host.Put("/etc/hostname", "edited");
        _host.Put(Defaults + "hostname", "default");
        _host.Put("/etc/own.conf", "own");
        _host.Put("/etc/local.d/x", "own");
        _host.PutFolder(Defaults + "untouched.conf");

        Assert.Null(await PredictAsync("M    hostname\nA    own.conf\nA    local.d\nA    local.d/x\nD    untouched.conf\n"));
    }

    [Fact]
    public async Task What_cannot_be_found_out_is_no_warning() => Assert.Null(await PredictAsync("", exitCode: 1));

    private Task<string?> PredictAsync(string diff, int exitCode = 0)
    {
        var runner = new FakeCommandRunner().On("ostree admin config-diff", diff, exitCode);
        return new OstreeEtcConflicts(Given.OstreeCommands(runner, _host.Files), _host.Files)
            .PredictAsync(HostTrees.Deployments("2l 1*").Staged!, TestContext.Current.CancellationToken);
    }
}
