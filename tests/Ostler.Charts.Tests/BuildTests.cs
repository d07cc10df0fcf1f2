using Ostler.Testing;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>How the programs are built that a build runs itself.</summary>
public sealed class BuildTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>
    /// Programs of one file that are built in one folder share its apphost, in which the name of a program is written: `dotnet run
    /// .ci/prepare.cs` started sbom.cs, when that had been run before.
    /// </summary>
    [Fact]
    public async Task Each_program_of_one_file_has_a_folder_of_its_own()
    {
        var programs = Directory.GetFiles(Path.Combine(Repository.Root, ".ci"), "*.cs");
        var folders = new List<string>();
        foreach (var program in programs)
        {
            folders.Add((await ToolCommand.RunAsync(["dotnet", "build", program, "-getProperty:IntermediateOutputPath"], Cancel)).EnsureSuccess().Stdout.Trim());
        }

        Assert.True(programs.Length > 1, "There is nothing to tell apart.");
        Assert.All(folders, folder => Assert.True(Path.IsPathRooted(folder), folder));
        Assert.Distinct(folders);
    }
}
