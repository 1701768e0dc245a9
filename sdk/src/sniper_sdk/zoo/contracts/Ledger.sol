// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// What every token of the zoo does inside: balances, allowances, events. It has no transfer functions of its own,
/// because not every token answers them as ERC-20 says.
abstract contract Ledger {
    uint8 public constant decimals = 18;
    uint256 public totalSupply;
    mapping(address holder => mapping(address spender => uint256)) public allowance;
    mapping(address holder => uint256) internal held;
    string internal nameText;
    string internal symbolText;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor(string memory name_, string memory symbol_, uint256 supply) {
        nameText = name_;
        symbolText = symbol_;
        _mint(msg.sender, supply);
    }

    function name() public view virtual returns (string memory) {
        return nameText;
    }

    function symbol() public view virtual returns (string memory) {
        return symbolText;
    }

    function balanceOf(address account) public view virtual returns (uint256) {
        return held[account];
    }

    /// Every transfer comes through here; a token overrides it to misbehave.
    function _move(address from, address to, uint256 amount) internal virtual {
        require(held[from] >= amount, "balance too low");
        held[from] -= amount;
        held[to] += amount;
        emit Transfer(from, to, amount);
    }

    function _spend(address from, uint256 amount) internal {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed == type(uint256).max) return;
        require(allowed >= amount, "allowance too low");
        allowance[from][msg.sender] = allowed - amount;
    }

    function _approve(address spender, uint256 amount) internal {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
    }

    function _mint(address to, uint256 amount) internal {
        totalSupply += amount;
        held[to] += amount;
        emit Transfer(address(0), to, amount);
    }
}
