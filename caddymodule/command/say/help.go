package say

import (
	"regexp"
	"strings"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Help has a command and all below it explain themselves in the language that is spoken. It is called when all of them are
// there, with their flags.
func Help(cmd *cobra.Command) {
	if Language() == language.English {
		return
	}
	cobra.AddTemplateFunc("flagsZH", flagsZH)
	cmd.InitDefaultHelpFlag()
	if !strings.Contains(cmd.Use, "[flags]") && !cmd.DisableFlagsInUseLine {
		cmd.Use += " [flags]" // as cobra does
	}
	cmd.Use, cmd.DisableFlagsInUseLine = useZH.Replace(cmd.Use), true
	cmd.Short, cmd.Long = helpText(cmd.Short), helpText(cmd.Long)
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = helpText(f.Usage) })
	cmd.SetUsageTemplate(usageZH.Replace(cmd.UsageTemplate()))
	cmd.SetHelpTemplate(helpTemplateZH)
	for _, sub := range cmd.Commands() {
		Help(sub)
	}
}

// helpText is a text of the help, paragraph by paragraph, of which several commands may have the same.
func helpText(english string) string {
	paragraphs := strings.Split(strings.TrimSpace(english), "\n\n")
	for i, p := range paragraphs {
		bare := strings.Join(strings.Fields(p), " ")
		if zh := helpZH[bare]; zh != "" {
			paragraphs[i] = zh
		} else if zh := helpFormats().translate(bare); zh != "" {
			paragraphs[i] = zh
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// helpFormats are the texts of the help that something is put into.
var helpFormats = sync.OnceValue(func() formats { return newFormats(helpZH) })

// useZH translates what stands for something in the line that says how a command is called.
var useZH = strings.NewReplacer(
	"[flags]", "[选项]", "<command>", "<命令>", "<path>", "<路径>", "<name>", "<名称>", "<file>", "<文件>", "<event>", "<事件>",
	"<target>", "<目标>", "<field>", "<字段>", "<value>", "<值>", "<page>", "<网页>", "<admin>", "<地址>", "<username>", "<微信号>",
	"|username>", "|微信号>",
)

// flagDefault is how pflag says what a flag is by default.
var flagDefault = regexp.MustCompile(`(?m) \(default (.*)\)$`)

// flagsZH is pflag's list of flags with its own words in Chinese.
func flagsZH(flags *pflag.FlagSet) string {
	return flagDefault.ReplaceAllString(flags.FlagUsages(), "（默认 $1）")
}

// usageZH translates cobra's words between them.
var usageZH = strings.NewReplacer(
	"Usage:", "用法：",
	".FlagUsages ", " | flagsZH ",
	"[command]", "<命令>",
	"Aliases:", "别名：",
	"Examples:", "示例：",
	"Available Commands:", "命令：",
	"Additional Commands:", "其他命令：",
	"Flags:", "选项：",
	"Global Flags:", "全局选项：",
	"Additional help topics:", "其他帮助主题：",
	`Use "{{.CommandPath}} <命令> --help" for more information about a command.`, `用 "{{.CommandPath}} <命令> --help" 查看某个命令的说明。`,
	`Use "{{.CommandPath}} [command] --help" for more information about a command.`, `用 "{{.CommandPath}} <命令> --help" 查看某个命令的说明。`,
)

// helpTemplateZH is cobra's, with what Caddy adds to it.
const helpTemplateZH = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{end}}
Caddy 命令行的完整文档：
https://caddyserver.com/docs/command-line
`
