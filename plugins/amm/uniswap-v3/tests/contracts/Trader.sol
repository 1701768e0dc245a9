// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.26;

interface Coin {
    function transfer(address to, uint256 amount) external returns (bool);
}

interface Pool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function mint(address owner, int24 lower, int24 upper, uint128 amount, bytes calldata data) external;
    function burn(int24 lower, int24 upper, uint128 amount) external;
    function swap(address to, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data) external;
}

interface AlgebraPool {
    function mint(address leftovers, address owner, int24 lower, int24 upper, uint128 amount, bytes calldata data)
        external;
    function burn(int24 lower, int24 upper, uint128 amount, bytes calldata data) external;
}

/// Somebody who does everything that can be done to a pool, and asks for many quotes in one call. Whatever calls it back
/// is paid: the callbacks of all these protocols look alike.
contract Trader {
    struct Ask {
        bool zeroForOne;
        int256 amount;
    }

    struct Answer {
        bool filled;
        int256 amount0;
        int256 amount1;
    }

    error Quoted(int256 amount0, int256 amount1);

    function mint(address pool, bool algebra, int24 lower, int24 upper, uint128 amount) external {
        if (algebra) {
            AlgebraPool(pool).mint(address(this), address(this), lower, upper, amount, coins(pool, false));
        } else {
            Pool(pool).mint(address(this), lower, upper, amount, coins(pool, false));
        }
    }

    function burn(address pool, bool algebra, int24 lower, int24 upper, uint128 amount) external {
        if (algebra) {
            AlgebraPool(pool).burn(lower, upper, amount, "");
        } else {
            Pool(pool).burn(lower, upper, amount);
        }
    }

    function swap(address pool, Ask calldata ask) external {
        swap(pool, ask, false);
    }

    /// What swaps would do now, each on its own: they are undone.
    function quotes(address pool, Ask[] calldata asks) external returns (Answer[] memory answers) {
        answers = new Answer[](asks.length);
        for (uint256 n = 0; n < asks.length; n++) {
            try this.quote(pool, asks[n]) {
                revert("a quote is undone");
            } catch (bytes memory reason) {
                if (bytes4(reason) != Quoted.selector) continue;
                int256 amount0;
                int256 amount1;
                assembly {
                    amount0 := mload(add(reason, 0x24))
                    amount1 := mload(add(reason, 0x44))
                }
                answers[n] = Answer(true, amount0, amount1);
            }
        }
    }

    function quote(address pool, Ask calldata ask) external {
        swap(pool, ask, true);
    }

    fallback() external {
        (int256 amount0, int256 amount1, bytes memory data) = abi.decode(msg.data[4:], (int256, int256, bytes));
        (address coin0, address coin1, bool quoting) = abi.decode(data, (address, address, bool));
        if (quoting) revert Quoted(amount0, amount1);
        if (amount0 > 0) Coin(coin0).transfer(msg.sender, uint256(amount0));
        if (amount1 > 0) Coin(coin1).transfer(msg.sender, uint256(amount1));
    }

    function swap(address pool, Ask calldata ask, bool quoting) private {
        uint160 limit = ask.zeroForOne ? 4295128740 : 1461446703485210103287273052203988822378723970341;
        Pool(pool).swap(address(this), ask.zeroForOne, ask.amount, limit, coins(pool, quoting));
    }

    function coins(address pool, bool quoting) private view returns (bytes memory) {
        return abi.encode(Pool(pool).token0(), Pool(pool).token1(), quoting);
    }
}
