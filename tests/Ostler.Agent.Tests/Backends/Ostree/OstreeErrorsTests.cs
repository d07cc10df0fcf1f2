using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;

namespace Ostler.Agent.Tests.Backends.Ostree;

public sealed class OstreeErrorsTests
{
    private static readonly HostCommand Pull = new("ostree", OstreeCommands.Repository, "pull", "acme", "a/b@c") { Timeout = TimeSpan.FromHours(4) };
    private static readonly HostCommand Deploy = new("ostree", "admin", "deploy", "--stage", "x") { Timeout = TimeSpan.FromMinutes(15) };

    [Theory]
    [InlineData("error: Server returned HTTP 404", Reasons.PullFailed)]
    [InlineData("error: While fetching http://x/summary.sig: [7] Couldn't connect to server", Reasons.PullFailed)]
    [InlineData("error: No such branch 'os/nosuch' in repository summary", Reasons.PullFailed)]
    [InlineData("error: Commit abc: GPG verification enabled, but no signatures found", Reasons.SignatureRefused)]
    [InlineData("error: Commit abc: Signature made Thu 01 Jan 2026 using EdDSA key ID 1234\nCan't check signature: public key not found", Reasons.SignatureRefused)]
    [InlineData("error: Commit abc: BAD signature from \"Somebody\"", Reasons.SignatureRefused)]
    [InlineData("error: Writing content object: Corrupted file object; checksum expected='a' actual='b'", Reasons.PullFailed)]
    [InlineData("error: Writing content object: Invalid compressed data", Reasons.PullFailed)]
    [InlineData("error: Writing content object: min-free-space-percent '3%' would be exceeded, at least 4.1 kB requested", Reasons.DiskFull)]
    [InlineData("error: Writing content object: fallocate: No space left on device", Reasons.DiskFull)]
    [InlineData("error: opendir(objects): Input/output error", Reasons.HostToolFailed)]
    [InlineData("error: Upgrade target revision 'a' is chronologically older than current revision 'b'", Reasons.Downgrade)]
    public void What_a_pull_complains_of(string stderr, string reason) =>
        Assert.Equal(reason, OstreeErrors.From(Pull, new CommandResult(1, "", stderr)).Reason);

    [Fact]
    public void The_recorded_pull_without_a_remote_is_a_failed_pull() =>
        Assert.Equal(Reasons.PullFailed, OstreeErrors.From(Pull, new CommandResult(1, "", Shared.Own("pull-no-remote.stderr"))).Reason);

    [Theory]
    [InlineData("error: Installing kernel: regfile copy: No space left on device", Reasons.BootFull)]
    [InlineData("error: Finalizing deployment: Installing kernel: regfile copy: No space left on device", Reasons.BootFull)]
    [InlineData("error: Checking out deployment tree: No space left on device", Reasons.DiskFull)]
    [InlineData("error: During /etc merge: opendir(app.d): Not a directory", Reasons.HostToolFailed)]
    [InlineData("error: Checking out deployment tree: No such metadata object x.commit", Reasons.HostToolFailed)]
    public void What_a_deployment_complains_of(string stderr, string reason) =>
        Assert.Equal(reason, OstreeErrors.From(Deploy, new CommandResult(1, "", stderr)).Reason);

    [Fact]
    public void Waiting_for_the_lock_of_somebody_else_is_told_as_that()
    {
        var failure = OstreeErrors.From(Deploy, new CommandResult(-1, "Waiting for sysroot lock...\nWaiting for sysroot lock...\n", "") { TimedOut = true });

        Assert.Equal(Reasons.TransactionInProgress, failure.Reason);
        Assert.Contains("ostree admin deploy", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_names_the_command_and_keeps_the_end_of_a_long_complaint()
    {
        var failure = OstreeErrors.From(Pull, new CommandResult(1, "", $"{new string('x', 4000)}\nerror: the point"));

        Assert.StartsWith("ostree pull: …", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("error: the point", failure.Message, StringComparison.Ordinal);
        Assert.InRange(failure.Message.Length, 1, 300);
    }

    [Fact]
    public void A_failure_without_words_has_its_exit_code() =>
        Assert.Equal("ostree admin deploy: exit code 7", OstreeErrors.From(Deploy, new CommandResult(7, "", "")).Message);
}
