// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// An ERC-20 with errors of its own and one hook, `_update`, through which every transfer goes.
abstract contract StandardToken {
    uint256 internal total;
    mapping(address holder => uint256) internal balances;
    mapping(address holder => mapping(address spender => uint256)) internal allowances;
    string internal nameText;
    string internal symbolText;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    error InsufficientBalance(address holder, uint256 held, uint256 needed);
    error InsufficientAllowance(address spender, uint256 allowed, uint256 needed);
    error InvalidAddress(address account);

    constructor(string memory name_, string memory symbol_, uint256 supply) {
        _setUp(name_, symbol_, supply, msg.sender);
    }

    function name() public view virtual returns (string memory) {
        return nameText;
    }

    function symbol() public view virtual returns (string memory) {
        return symbolText;
    }

    function decimals() public view virtual returns (uint8) {
        return 18;
    }

    function totalSupply() public view virtual returns (uint256) {
        return total;
    }

    function balanceOf(address account) public view virtual returns (uint256) {
        return balances[account];
    }

    function allowance(address holder, address spender) public view virtual returns (uint256) {
        return allowances[holder][spender];
    }

    function transfer(address to, uint256 value) public virtual returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) public virtual returns (bool) {
        _useAllowance(from, msg.sender, value);
        _transfer(from, to, value);
        return true;
    }

    function approve(address spender, uint256 value) public virtual returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    function _setUp(string memory name_, string memory symbol_, uint256 supply, address holder) internal {
        nameText = name_;
        symbolText = symbol_;
        if (supply > 0) _write(address(0), holder, supply);
    }

    function _transfer(address from, address to, uint256 value) internal {
        if (from == address(0)) revert InvalidAddress(from);
        if (to == address(0)) revert InvalidAddress(to);
        _update(from, to, value);
    }

    /// A token overrides it for its rules; what finally changes balances is `_write`.
    function _update(address from, address to, uint256 value) internal virtual {
        _write(from, to, value);
    }

    /// Moves, mints (from zero) or burns (to zero).
    function _write(address from, address to, uint256 value) internal {
        if (from == address(0)) {
            total += value;
        } else {
            uint256 held = balances[from];
            if (held < value) revert InsufficientBalance(from, held, value);
            unchecked {
                balances[from] = held - value;
            }
        }
        if (to == address(0)) total -= value;
        else balances[to] += value;
        emit Transfer(from, to, value);
    }

    function _approve(address holder, address spender, uint256 value) internal virtual {
        allowances[holder][spender] = value;
        emit Approval(holder, spender, value);
    }

    function _useAllowance(address holder, address spender, uint256 value) internal virtual {
        uint256 allowed = allowances[holder][spender];
        if (allowed == type(uint256).max) return;
        if (allowed < value) revert InsufficientAllowance(spender, allowed, value);
        allowances[holder][spender] = allowed - value;
    }
}
