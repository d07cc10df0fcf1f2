using Ostler.Controller.OSImages;
using Ostler.Testing.Hosts;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.OSImages;

public sealed class OstreeCommitTests : IDisposable
{
    private readonly OstreeRepositoryOnDisk _repo = new();

    public void Dispose() => _repo.Dispose();

    public static TheoryData<string, string[], string?> Commits => new()
    {
        { "version first", ["--add-metadata-string=version=42.1"], "42.1" },
        { "version after other keys", ["--add-metadata-string=acme.a=1", "--add-metadata-string=acme.long-key=xyz", "--add-metadata-string=version=7"], "7" },
        { "offsets of two bytes", ["--add-metadata-string=acme.a=" + new string('a', 300), "--add-metadata-string=version=42.2"], "42.2" },
        { "offsets of four bytes", ["--add-metadata-string=acme.a=" + new string('a', 70_000), "--add-metadata-string=version=42.3"], "42.3" },
        { "a long version", ["--add-metadata-string=version=" + new string('9', 400)], new string('9', 400) },
        { "not ASCII", ["--add-metadata-string=version=42 ä"], "42 ä" },
        { "a key that begins alike", ["--add-metadata-string=version-of-kernel=6"], null },
        { "no version", [], null },
        { "a version that is a number", ["--add-metadata=version=uint32 5"], null },
    };

    [Theory, MemberData(nameof(Commits))]
    public async Task The_version_of_a_commit_made_by_ostree_is_read(string label, string[] metadata, string? version)
    {
        Assert.NotEmpty(label);
        var commit = _repo.CommitWith("acme/edge", metadata);
        var bytes = await File.ReadAllBytesAsync(_repo.ObjectPath(commit), TestContext.Current.CancellationToken);

        Assert.True(OstreeCommit.IsNamed(bytes, commit));
        Assert.True(OstreeCommit.TryReadTimestamp(bytes, out var created));
        Assert.Equal(_repo.DateOf(commit), created);
        Assert.Equal(version is not null, OstreeCommit.TryReadVersion(bytes, out var read));
        Assert.Equal(version, read);
    }

    [Fact]
    public async Task Any_damage_is_noticed_by_name_and_never_throws()
    {
        var commit = _repo.CommitWith("acme/edge", ["--add-metadata-string=acme.a=b", "--add-metadata-string=version=42.1"]);
        var bytes = await File.ReadAllBytesAsync(_repo.ObjectPath(commit), TestContext.Current.CancellationToken);

        for (var i = 0; i < bytes.Length; i++)
        {
            OstreeCommit.TryReadVersion(bytes.AsSpan(0, i), out _);
            OstreeCommit.TryReadTimestamp(bytes.AsSpan(0, i), out _);
            foreach (var flip in (byte[])[0x01, 0x80, 0xff])
            {
                var damaged = bytes.ToArray();
                damaged[i] ^= flip;
                Assert.False(OstreeCommit.IsNamed(damaged, commit));
                OstreeCommit.TryReadVersion(damaged, out _);
                OstreeCommit.TryReadTimestamp(damaged, out _);
            }
        }
    }

    [Fact]
    public async Task A_repository_is_read_over_http_from_ref_to_version()
    {
        var commit = _repo.CommitWith("acme/edge", ["--add-metadata-string=version=42.20261101.3"]);
        await using var server = await LoopbackHttp.ServeAsync(_repo.Path);
        var repository = OstreeRepositoryTests.Repository();

        var resolved = await repository.ResolveRefAsync(server.Url, "acme/edge", TestContext.Current.CancellationToken);
        var (version, _) = await repository.ReadCommitAsync(server.Url, commit, TestContext.Current.CancellationToken);

        Assert.Equal(commit, resolved.Value);
        Assert.Equal("42.20261101.3", version);
    }

    [Fact]
    public async Task A_commit_that_is_not_what_its_name_says_has_no_version()
    {
        var commit = _repo.CommitWith("acme/edge", ["--add-metadata-string=version=42"]);
        var other = _repo.CommitWith("acme/edge", ["--add-metadata-string=version=43"]);
        File.Copy(_repo.ObjectPath(other), _repo.ObjectPath(commit), overwrite: true);
        await using var server = await LoopbackHttp.ServeAsync(_repo.Path);

        Assert.Equal(default, await OstreeRepositoryTests.Repository().ReadCommitAsync(server.Url, commit, TestContext.Current.CancellationToken));
    }
}
